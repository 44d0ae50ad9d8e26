// What a function with Powertools looks like: batch, idempotency and logger, all as their own documentation shows them.

import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import { IdempotencyConfig, makeIdempotent } from "@aws-lambda-powertools/idempotency";
import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { Logger } from "@aws-lambda-powertools/logger";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";

const logger = new Logger({ serviceName: "orders" });
const processor = new BatchProcessor(EventType.SQS);
const persistenceStore = new DynamoDBPersistenceLayer({ tableName: process.env.KEYS });
const config = new IdempotencyConfig({ eventKeyJmesPath: "order" });
const documents = DynamoDBDocumentClient.from(new DynamoDBClient());

/** Says that it is here, and waits until the test lets it go on. */
async function gate() {
  const TableName = process.env.EFFECTS;
  await documents.send(new PutCommand({ TableName, Item: { pk: "begun" } }));
  const open = new GetCommand({ TableName, Key: { pk: "gate" }, ConsistentRead: true });
  while (!(await documents.send(open)).Item) await new Promise((done) => setTimeout(done, 50));
}

/** The effect: how often an order was worked on. */
const work = makeIdempotent(
  async (order) => {
    if (order.bad) throw new Error(`no order ${order.order}`);
    if (order.waits) await gate();
    await documents.send(
      new UpdateCommand({
        TableName: process.env.EFFECTS,
        Key: { pk: order.order },
        UpdateExpression: "ADD times :one",
        ExpressionAttributeValues: { ":one": 1 },
      }),
    );
    logger.info("worked", { order: order.order });
    return { order: order.order };
  },
  { persistenceStore, config, dataIndexArgument: 0 },
);

/** Of a queue's messages. */
export const ofQueue = async (event, context) => {
  config.registerLambdaContext(context);
  logger.addContext(context);
  return processPartialResponse(event, (record) => work(JSON.parse(record.body)), processor, { context });
};

/** Of an asynchronous invocation. */
export const ofEvent = async (event, context) => {
  config.registerLambdaContext(context);
  return work(event);
};
