# Receives the messages of the queue by long polls, and deletes each after its work is done.

import json
import os

import boto3

sqs = boto3.client("sqs", region_name=os.environ.get("AWS_DEFAULT_REGION", "us-east-1"))
url = sqs.get_queue_url(QueueName="support-ends")["QueueUrl"]

while True:
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=20)
    for message in answer.get("Messages", []):
        try:
            event = json.loads(message["Body"])
            print(event["eventTime"], event["attributes"]["conversationId"])
        except (ValueError, KeyError) as error:
            # Not deleted: after five receives it is in support-ends-dlq.
            print("left:", message["MessageId"], error)
            continue
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
