# The tutorial's SQS worker, its lost indentation restored; only the address in the last lines is ours.
import boto3
import json
import time
from botocore.exceptions import ClientError
from typing import List, Dict, Any


class GenesysEventProcessor:
    def __init__(self, sqs_queue_url: str, region: str):
        self.sqs_client = boto3.client('sqs', region_name=region)
        self.queue_url = sqs_queue_url
        self.max_wait_time = 5 # Seconds for long polling
        self.max_messages = 10

    def receive_messages(self) -> List[Dict[str, Any]]:
        """
        Polls SQS for new messages.
        """
        try:
            response = self.sqs_client.receive_message(
                QueueUrl=self.queue_url,
                MaxNumberOfMessages=self.max_messages,
                WaitTimeSeconds=self.max_wait_time
            )
            return response.get('Messages', [])
        except ClientError as e:
            print(f"Error receiving messages: {e}")
            return []

    def delete_message(self, receipt_handle: str) -> bool:
        """
        Deletes a message from SQS after processing.
        """
        try:
            self.sqs_client.delete_message(
                QueueUrl=self.queue_url,
                ReceiptHandle=receipt_handle
            )
            return True
        except ClientError as e:
            print(f"Error deleting message: {e}")
            return False

    def process_event(self, event_payload: Dict[str, Any]) -> None:
        """
        Processes a single Genesys Cloud event.
        """
        event_type = event_payload.get("eventType")
        if event_type != "event:conversation:end":
            print(f"Ignoring non-target event type: {event_type}")
            return

        attributes = event_payload.get("attributes", {})
        conversation_id = attributes.get("conversationId")
        queue_id = attributes.get("queueId")

        # Double-check the queue ID locally for safety,
        # even though Genesys should have filtered it.
        # This is a defense-in-depth practice.
        if not queue_id:
            print("Warning: Queue ID not found in attributes.")
            return

        print(f"Processing conversation end: ID={conversation_id}, Queue={queue_id}")
        # TODO: Implement your business logic here
        # e.g., update CRM, trigger analytics, send notification

    def run(self):
        """
        Main loop to poll and process messages.
        """
        print("Starting event processor...")
        while True:
            messages = self.receive_messages()
            for message in messages:
                receipt_handle = message.get('ReceiptHandle')
                body = message.get('Body')
                if not body:
                    print("Empty message body received.")
                    continue
                try:
                    # Parse the JSON body
                    event_data = json.loads(body)

                    # Process the event
                    self.process_event(event_data)

                    # Delete the message from SQS upon success
                    if self.delete_message(receipt_handle):
                        print("Message deleted successfully.")
                    else:
                        print("Failed to delete message. It will be redelivered.")
                except json.JSONDecodeError:
                    print("Failed to parse message body as JSON.")
                    # Optionally send to DLQ or log for debugging
                except Exception as e:
                    print(f"Error processing message: {e}")
                    # Do not delete message; let SQS retry based on visibility timeout

            # Small sleep to prevent tight looping if no messages
            if not messages:
                time.sleep(1)


# Usage
import os
processor = GenesysEventProcessor(os.environ["AWS_SQS_QUEUE_URL"], "us-east-1")
processor.run()
