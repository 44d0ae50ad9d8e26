# The tutorial's complete example (rule, Lambda target, test event), its lost indentation restored and nothing else.
import boto3
import json
import uuid
import os
from botocore.exceptions import ClientError


class GenesysEventBridgeManager:
    def __init__(self, region: str = 'us-east-1'):
        self.region = region
        self.events_client = boto3.client('events', region_name=region)
        self.lambda_client = boto3.client('lambda', region_name=region)

    def create_filter_rule(self, queue_id: str, target_lambda_arn: str) -> str:
        """
        Creates an EventBridge rule for a specific queue's conversation.end events.
        """
        rule_name = f"genesys-conv-end-{queue_id[:8]}"
        event_pattern = {
            "source": ["genesys.cloud"],
            "detail-type": ["conversation.end"],
            "detail": {
                "routing": {
                    "queueId": [queue_id]
                }
            }
        }
        try:
            self.events_client.put_rule(
                Name=rule_name,
                Description=f"Filter for conversation.end on Queue {queue_id}",
                EventPattern=json.dumps(event_pattern),
                State='ENABLED'
            )
            print(f"Rule '{rule_name}' created/updated.")
        except ClientError as e:
            if e.response['Error']['Code'] != 'ResourceAlreadyExistsException':
                raise
        try:
            self.events_client.put_targets(
                Rule=rule_name,
                Targets=[
                    {
                        'Id': 'target-1',
                        'Arn': target_lambda_arn,
                        'InputPath': '$',
                        'DeadLetterConfig': {
                            'Arn': f'arn:aws:sqs:{self.region}:{os.getenv("AWS_ACCOUNT_ID")}:dlq-genesis'
                        }
                    }
                ]
            )
            print(f"Target attached to '{rule_name}'.")
        except ClientError as e:
            print(f"Failed to attach target: {e}")
            raise
        return rule_name

    def send_test_event(self, queue_id: str) -> None:
        """
        Sends a test conversation.end event to verify the filter.
        """
        test_detail = {
            "id": f"test-conv-{uuid.uuid4()}",
            "type": "voice",
            "status": "completed",
            "routing": {
                "queueId": queue_id,
                "queueName": "Test Queue"
            },
            "wrapUpCode": "test-resolved",
            "duration": 5000,
            "participantCount": 2
        }
        try:
            response = self.events_client.put_events(
                Entries=[
                    {
                        'Source': 'genesys.cloud',
                        'DetailType': 'conversation.end',
                        'Detail': json.dumps(test_detail),
                        'EventBusName': 'default'
                    }
                ]
            )
            if response['FailedEntryCount'] == 0:
                print("Test event dispatched successfully.")
            else:
                print(f"Event dispatch failed: {response['Entries']}")
        except Exception as e:
            print(f"Error sending test event: {e}")


if __name__ == "__main__":
    # Configuration
    QUEUE_ID = os.getenv("GENESYS_QUEUE_ID", "12345678-abcd-1234-abcd-123456789abc")
    LAMBDA_ARN = os.getenv("AWS_LAMBDA_ARN", "arn:aws:lambda:us-east-1:123456789012:function:MyGenesysProcessor")

    if not QUEUE_ID or not LAMBDA_ARN:
        raise ValueError("GENESYS_QUEUE_ID and AWS_LAMBDA_ARN environment variables are required.")

    manager = GenesysEventBridgeManager(region='us-east-1')

    # Step 1: Create/Update Rule
    manager.create_filter_rule(QUEUE_ID, LAMBDA_ARN)

    # Step 2: Send Test Event
    manager.send_test_event(QUEUE_ID)
