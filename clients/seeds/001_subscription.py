# The tutorial's complete example, its lost indentation restored; only the two addresses are ours.
import os
import json
import time
import requests
import boto3
from botocore.exceptions import ClientError
from typing import Dict, Any, List, Optional

# Configuration
GENESYS_URL = os.environ["GENESYS_URL"]
GENESYS_CLIENT_ID = os.getenv("GENESYS_CLIENT_ID")
GENESYS_CLIENT_SECRET = os.getenv("GENESYS_CLIENT_SECRET")
TARGET_QUEUE_ID = os.getenv("TARGET_QUEUE_ID")
AWS_SQS_ARN = os.getenv("AWS_SQS_ARN")
AWS_REGION = os.getenv("AWS_REGION", "us-east-1")
AWS_SQS_QUEUE_URL = os.getenv("AWS_SQS_QUEUE_URL")


class GenesysEventBridge:
    def __init__(self):
        self.access_token = None
        self.subscription_id = None

    def authenticate(self) -> bool:
        if self.access_token:
            return True
        try:
            url = f"{GENESYS_URL}/oauth/token"
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            data = {
                "grant_type": "client_credentials",
                "client_id": GENESYS_CLIENT_ID,
                "client_secret": GENESYS_CLIENT_SECRET,
                "scope": "event:subscribe:read event:subscribe:write"
            }
            resp = requests.post(url, headers=headers, data=data)
            resp.raise_for_status()
            self.access_token = resp.json().get("access_token")
            return True
        except Exception as e:
            print(f"Authentication failed: {e}")
            return False

    def ensure_subscription_exists(self) -> bool:
        """
        Checks if subscription exists, creates if not.
        """
        if not self.authenticate():
            return False
        url = f"{GENESYS_URL}/api/v2/events/subscriptions"
        headers = {
            "Authorization": f"Bearer {self.access_token}",
            "Content-Type": "application/json"
        }
        # List existing subscriptions to check for duplicates
        resp = requests.get(url, headers=headers)
        if resp.status_code == 200:
            subscriptions = resp.json().get("entities", [])
            for sub in subscriptions:
                if sub.get("attributeFilter") == f"queueId = '{TARGET_QUEUE_ID}'":
                    self.subscription_id = sub.get("id")
                    print(f"Subscription already exists: {self.subscription_id}")
                    return True
        # Create new subscription
        payload = {
            "name": f"Filtered-End-{TARGET_QUEUE_ID}",
            "description": "Auto-created filtered subscription for queue end events.",
            "eventTypes": ["event:conversation:end"],
            "attributeFilter": f"queueId = '{TARGET_QUEUE_ID}'",
            "destination": {
                "type": "aws_sqs",
                "awsSqs": {
                    "arn": AWS_SQS_ARN,
                    "region": AWS_REGION
                }
            },
            "status": "active"
        }
        resp = requests.post(url, headers=headers, json=payload)
        if resp.status_code == 201:
            self.subscription_id = resp.json().get("id")
            print(f"Subscription created: {self.subscription_id}")
            return True
        else:
            print(f"Failed to create subscription: {resp.text}")
            return False

    def process_events(self):
        if not self.ensure_subscription_exists():
            print("Aborting: Could not establish subscription.")
            return
        sqs_client = boto3.client('sqs', region_name=AWS_REGION)
        print("Starting event loop...")
        while True:
            try:
                response = sqs_client.receive_message(
                    QueueUrl=AWS_SQS_QUEUE_URL,
                    MaxNumberOfMessages=10,
                    WaitTimeSeconds=5
                )
                messages = response.get('Messages', [])
                for msg in messages:
                    try:
                        body = json.loads(msg['Body'])
                        self.handle_event(body)
                        sqs_client.delete_message(
                            QueueUrl=AWS_SQS_QUEUE_URL,
                            ReceiptHandle=msg['ReceiptHandle']
                        )
                    except Exception as e:
                        print(f"Error processing message: {e}")
                if not messages:
                    time.sleep(1)
            except ClientError as e:
                print(f"AWS Error: {e}")
                time.sleep(5)

    def handle_event(self, event: Dict[str, Any]):
        if event.get("eventType") == "event:conversation:end":
            attrs = event.get("attributes", {})
            conv_id = attrs.get("conversationId")
            print(f"Received end event for conversation: {conv_id}")
            # Add business logic here


if __name__ == "__main__":
    if not all([GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET, TARGET_QUEUE_ID, AWS_SQS_ARN, AWS_SQS_QUEUE_URL]):
        print("Missing environment variables. Please set GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET, TARGET_QUEUE_ID, AWS_SQS_ARN, AWS_SQS_QUEUE_URL")
    else:
        app = GenesysEventBridge()
        app.process_events()
