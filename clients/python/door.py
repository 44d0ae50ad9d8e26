# What every client test shares: the clients, names nobody else uses, and waiting without sleeping.
"""The clients are plain boto3: the address comes from AWS_ENDPOINT_URL alone, as a user would set it."""

import itertools
import json
import time
import unittest
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

# A door that hangs fails its test in half a minute, not after boto3's five tries of a minute each.
_patience = Config(read_timeout=30, retries={"total_max_attempts": 1})
events = boto3.client("events", config=_patience)
sqs = boto3.client("sqs", config=_patience)
sts = boto3.client("sts", config=_patience)
secretsmanager = boto3.client("secretsmanager", config=_patience)

REGION = events.meta.region_name
_numbers = itertools.count(1)


def account():
    """The account that the door speaks for."""
    return sts.get_caller_identity()["Account"]


def name(kind):
    """A name that no other test and no earlier run has used."""
    return f"{kind}-{next(_numbers)}-{uuid.uuid4().hex[:8]}"


class DoorTest(unittest.TestCase):
    """A test that cleans up what it made."""

    maxDiff = None

    def assert_error(self, codes, call, *args, **kwargs):
        """Calls, and expects a ClientError with one of these codes; returns its message."""
        codes = (codes,) if isinstance(codes, str) else codes
        with self.assertRaises(ClientError) as caught:
            call(*args, **kwargs)
        error = caught.exception.response["Error"]
        self.assertIn(error["Code"], codes, error)
        self.assertTrue(error.get("Message"), "an error without a message helps nobody")
        self.assertEqual(4, caught.exception.response["ResponseMetadata"]["HTTPStatusCode"] // 100)
        return error["Message"]

    def queue(self, prefix="queue", **attributes):
        """A new queue, gone after the test."""
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in attributes.items()}
        url = sqs.create_queue(QueueName=name(prefix), Attributes=texts)["QueueUrl"]
        self.addCleanup(sqs.delete_queue, QueueUrl=url)
        return url

    def queue_arn(self, url):
        """The ARN that the door gives for the queue."""
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return answer["Attributes"]["QueueArn"]

    def bus(self):
        """A new event bus, gone after the test."""
        bus = name("bus")
        events.create_event_bus(Name=bus)
        self.addCleanup(events.delete_event_bus, Name=bus)
        return bus

    def rule(self, bus, pattern=None, targets=()):
        """A new rule with its targets on `bus`, gone after the test."""
        rule = name("rule")
        text = json.dumps(pattern or {"source": ["genesys.cloud"]})
        events.put_rule(Name=rule, EventBusName=bus, EventPattern=text)
        self.addCleanup(self.remove_rule, rule, bus)
        if targets:
            answer = events.put_targets(Rule=rule, EventBusName=bus, Targets=list(targets))
            self.assertEqual(0, answer["FailedEntryCount"], answer)
        return rule

    def remove_rule(self, rule, bus):
        """Takes the targets off first, as AWS wants it."""
        targets = events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]
        if targets:
            ids = [target["Id"] for target in targets]
            events.remove_targets(Rule=rule, EventBusName=bus, Ids=ids)
        events.delete_rule(Name=rule, EventBusName=bus)

    def put(self, bus, detail, source="genesys.cloud", detail_type="conversation.end", **more):
        """Puts one event and returns its id."""
        entry = {"Source": source, "DetailType": detail_type, "EventBusName": bus, **more}
        entry["Detail"] = detail if isinstance(detail, str) else json.dumps(detail)
        answer = events.put_events(Entries=[entry])
        self.assertEqual(0, answer["FailedEntryCount"], answer)
        return answer["Entries"][0]["EventId"]

    def receive(self, url, count=1, within_s=10, **options):
        """Long-polls until `count` messages have come or the time is over; leaves them in flight."""
        messages = []
        deadline = time.monotonic() + within_s
        while len(messages) < count and time.monotonic() < deadline:
            answer = sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=min(10, count - len(messages)),
                WaitTimeSeconds=1,
                **options,
            )
            messages += answer.get("Messages", [])
        self.assertEqual(count, len(messages), f"messages within {within_s} s")
        return messages

    def assert_empty(self, url):
        """Nothing is visible on the queue."""
        self.assertNotIn("Messages", sqs.receive_message(QueueUrl=url, WaitTimeSeconds=0))
