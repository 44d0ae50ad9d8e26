// The tutorial's handler, as it stands there.
import { LambdaClient, InvokeCommand } from "@aws-sdk/client-lambda";

/**
 * Handler for Genesys Cloud conversation.end events filtered by Queue ID.
 *
 * @param {EventBridgeEvent<GenesysConversationEnd>} event
 */
export const handler = async (event) => {
  console.log("Received Event:", JSON.stringify(event, null, 2));

  // 1. Validate the event structure
  if (!event.detail || !event.detail.routing) {
    throw new Error("Invalid Genesys Cloud event structure: missing detail.routing");
  }

  const queueId = event.detail.routing.queueId;
  const conversationId = event.detail.id;
  const status = event.detail.status;
  const wrapUpCode = event.detail.wrapUpCode;
  const duration = event.detail.duration; // in milliseconds

  // 2. Business Logic: Process the ended conversation
  try {
    // Example: Send to a data warehouse or update a CRM
    await processConversationEnd({
      queueId,
      conversationId,
      status,
      wrapUpCode,
      duration
    });

    return {
      statusCode: 200,
      body: JSON.stringify({ message: `Successfully processed conversation end for Queue ${queueId}` })
    };
  } catch (error) {
    console.error("Error processing conversation end:", error);
    // Re-throw to trigger retry or DLQ
    throw error;
  }
};

/**
 * Simulates processing the conversation data.
 */
async function processConversationEnd(data) {
  console.log(`Processing conversation ${data.conversationId} for queue ${data.queueId}`);
  console.log(`Status: ${data.status}, Wrap-up: ${data.wrapUpCode}, Duration: ${data.duration}ms`);

  // Here you would typically call an RDS database, S3, or another API
  // For example, inserting into DynamoDB:
  // await dynamoDBClient.put({ Item: data, TableName: 'GenesysConversations' });
  return true;
}
