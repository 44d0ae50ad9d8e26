# Event source mappings through boto3: a function works on a queue, in batches, and one bad message costs only itself.

import json
import shutil
import time
import unittest

import boto3
from door import DoorTest, name
from test_lambda import ROLE, zipped

client = boto3.client("lambda")
sqs = boto3.client("sqs")

# Says by log which records it got; those with `bad` in them are reported, `boom` fails the whole batch.
CODE = """
exports.handler = async (event) => {
  console.log("GOT " + JSON.stringify(event.Records.map((record) => record.body)));
  if (event.Records.some((record) => record.body.includes("boom"))) throw new Error("boom");
  const bad = event.Records.filter((record) => record.body.includes("bad"));
  return { batchItemFailures: bad.map((record) => ({ itemIdentifier: record.messageId })) };
};
"""
logs = boto3.client("logs")


@unittest.skipUnless(shutil.which("node"), "node is not installed")
class Mappings(DoorTest):
    def mapping(self, queue, **options):
        """A new function, mapped to the queue; gone after the test."""
        function = name("function")
        client.create_function(
            FunctionName=function,
            Runtime="nodejs20.x",
            Role=ROLE,
            Handler="index.handler",
            Code={"ZipFile": zipped({"index.js": CODE})},
            Timeout=2,
        )
        self.addCleanup(client.delete_function, FunctionName=function)
        made = client.create_event_source_mapping(
            FunctionName=function, EventSourceArn=self.queue_arn(queue), **options
        )
        self.addCleanup(client.delete_event_source_mapping, UUID=made["UUID"])
        self.assertEqual(made["State"], "Creating")
        return function, made["UUID"]

    def received(self, function):
        """The bodies that the function's log tells of, a list for each batch."""
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}", filterPattern="GOT")
        except logs.exceptions.ResourceNotFoundException:
            return []
        lines = [event["message"] for event in found["events"] if "GOT " in event["message"]]
        return [json.loads(line.split("GOT ", 1)[1]) for line in lines]

    def until(self, holds, within_s=25):
        """Waits until something holds."""
        end = time.monotonic() + within_s
        while not holds():
            self.assertLess(time.monotonic(), end, "it never came to hold")
            time.sleep(0.1)

    def left(self, queue):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return sum(int(answer[name]) for name in names)

    def send(self, queue, *bodies):
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
        self.assertEqual(len(bodies), len(sqs.send_message_batch(QueueUrl=queue, Entries=entries)["Successful"]))

    def test_one_bad_message_in_ten_costs_only_itself(self):
        letters = self.queue("letters")
        redrive = {"maxReceiveCount": 2, "deadLetterTargetArn": self.queue_arn(letters)}
        queue = self.queue("work", VisibilityTimeout="2", RedrivePolicy=redrive)
        self.send(queue, *[f"good {number}" for number in range(9)], "bad")
        function, _ = self.mapping(queue, FunctionResponseTypes=["ReportBatchItemFailures"])
        self.assertEqual(self.receive(letters, within_s=25)[0]["Body"], "bad")
        self.until(lambda: self.left(queue) == 0)
        got = [body for batch in self.received(function) for body in batch]
        self.assertEqual(sorted(got), ["bad", "bad"] + [f"good {number}" for number in range(9)])

    def test_a_failed_batch_comes_back_whole(self):
        letters = self.queue("letters")
        redrive = {"maxReceiveCount": 1, "deadLetterTargetArn": self.queue_arn(letters)}
        queue = self.queue("work", VisibilityTimeout="2", RedrivePolicy=redrive)
        self.send(queue, "boom", "good")
        self.mapping(queue, FunctionResponseTypes=["ReportBatchItemFailures"])
        bodies = [message["Body"] for message in self.receive(letters, count=2, within_s=25)]
        self.assertEqual(sorted(bodies), ["boom", "good"])

    def test_a_window_gathers_and_a_filter_leaves_out(self):
        queue = self.queue("work")
        pattern = {"Pattern": json.dumps({"body": {"queue": ["q1"]}})}
        function, _ = self.mapping(
            queue, BatchSize=3, MaximumBatchingWindowInSeconds=20, FilterCriteria={"Filters": [pattern]}
        )
        for number in range(3):
            self.send(queue, json.dumps({"queue": "q1" if number else "q2", "number": number}))
        self.until(lambda: self.left(queue) == 0)
        batches = self.received(function)
        self.assertEqual([[json.loads(body)["number"] for body in batch] for batch in batches], [[1, 2]])

    def test_disabled_it_takes_nothing(self):
        queue = self.queue("work")
        function, uuid = self.mapping(queue, Enabled=False)
        self.send(queue, "a")
        self.assertEqual(client.get_event_source_mapping(UUID=uuid)["State"], "Disabled")
        self.assertEqual(self.left(queue), 1)
        client.update_event_source_mapping(UUID=uuid, Enabled=True)
        self.until(lambda: self.left(queue) == 0)
        self.assertEqual(self.received(function), [["a"]])
        listed = client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
        self.assertEqual([mapping["UUID"] for mapping in listed], [uuid])

    def test_reserved_concurrency_bounds_it_and_nothing_is_throttled_away(self):
        letters = self.queue("letters")
        redrive = {"maxReceiveCount": 1, "deadLetterTargetArn": self.queue_arn(letters)}
        queue = self.queue("work", RedrivePolicy=redrive)
        function, _ = self.mapping(queue, BatchSize=1, Enabled=True)
        client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
        self.send(queue, *[str(number) for number in range(10)])
        self.until(lambda: self.left(queue) == 0)
        self.assertEqual(sorted(batch[0] for batch in self.received(function)), [str(number) for number in range(10)])
        self.assert_empty(letters)
