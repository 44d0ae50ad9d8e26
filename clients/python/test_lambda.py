# Lambda through boto3: a function is created, invoked, called by a rule as its policy lets it, and deleted.

import io
import json
import shutil
import unittest
import zipfile

import boto3
from door import DoorTest, name

client = boto3.client("lambda")
events = boto3.client("events")
sqs = boto3.client("sqs")

ROLE = "arn:aws:iam::123456789012:role/function"
CODE = """
exports.handler = async (event, context) => {
  if (event.bad) throw new TypeError("bad");
  return { event, name: context.functionName };
};
"""


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return buffer.getvalue()


@unittest.skipUnless(shutil.which("node"), "node is not installed")
class Functions(DoorTest):
    def function(self, **options):
        """A new function, gone after the test."""
        made = client.create_function(
            FunctionName=name("function"),
            Runtime="nodejs20.x",
            Role=ROLE,
            Handler="index.handler",
            Code={"ZipFile": zipped({"index.js": CODE})},
            Timeout=60,
            **options,
        )
        self.addCleanup(client.delete_function, FunctionName=made["FunctionName"])
        client.get_waiter("function_active_v2").wait(FunctionName=made["FunctionName"])
        return made

    def test_a_function_answers_and_its_errors_are_its_own(self):
        made = self.function()
        function = made["FunctionName"]
        answer = client.invoke(FunctionName=function, Payload=b'{"a": 1}', LogType="Tail")
        self.assertEqual(json.loads(answer["Payload"].read()), {"event": {"a": 1}, "name": function})
        self.assertEqual((answer["StatusCode"], answer["ExecutedVersion"]), (200, "$LATEST"))
        self.assertIn("LogResult", answer)
        answer = client.invoke(FunctionName=made["FunctionArn"], Payload=b'{"bad": true}')
        self.assertEqual(answer["FunctionError"], "Unhandled")
        self.assertEqual(json.loads(answer["Payload"].read())["errorType"], "TypeError")
        self.assertEqual(client.invoke(FunctionName=function, InvocationType="Event")["StatusCode"], 202)
        self.assertEqual(client.invoke(FunctionName=function, InvocationType="DryRun")["StatusCode"], 204)

    def test_reserved_concurrency_of_none_throttles(self):
        function = self.function()["FunctionName"]
        client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
        with self.assertRaises(client.exceptions.TooManyRequestsException) as refused:
            client.invoke(FunctionName=function)
        self.assertEqual(refused.exception.response["Reason"], "ReservedFunctionConcurrentInvocationLimitExceeded")

    def test_what_is_no_zip_is_refused(self):
        with self.assertRaises(client.exceptions.InvalidParameterValueException):
            client.create_function(
                FunctionName=name("function"),
                Runtime="nodejs20.x",
                Role=ROLE,
                Handler="index.handler",
                Code={"ZipFile": b"no zip"},
            )

    def test_a_rule_needs_the_functions_permission(self):
        made = self.function()
        queue = sqs.create_queue(QueueName=name("letters"))["QueueUrl"]
        self.addCleanup(sqs.delete_queue, QueueUrl=queue)
        letters = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        rule, source = name("rule"), name("source")
        events.put_rule(Name=rule, EventPattern=json.dumps({"source": [source]}))
        self.addCleanup(events.delete_rule, Name=rule)
        target = {"Id": "f", "Arn": made["FunctionArn"], "DeadLetterConfig": {"Arn": letters}}
        events.put_targets(Rule=rule, Targets=[target])
        self.addCleanup(events.remove_targets, Rule=rule, Ids=["f"])
        events.put_events(Entries=[{"Source": source, "DetailType": "d", "Detail": "{}"}])
        received = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10, MessageAttributeNames=["All"])
        self.assertEqual(received["Messages"][0]["MessageAttributes"]["ERROR_CODE"]["StringValue"], "NO_PERMISSIONS")

    def test_destinations_are_told_of_success_and_of_failure(self):
        function = self.function()["FunctionName"]
        succeeded, failed = self.queue("succeeded"), self.queue("failed")
        client.put_function_event_invoke_config(
            FunctionName=function,
            MaximumRetryAttempts=0,
            DestinationConfig={
                "OnSuccess": {"Destination": self.queue_arn(succeeded)},
                "OnFailure": {"Destination": self.queue_arn(failed)},
            },
        )
        client.invoke(FunctionName=function, InvocationType="Event", Payload=b'{"a": 1}')
        client.invoke(FunctionName=function, InvocationType="Event", Payload=b'{"bad": true}')
        told = json.loads(self.receive(succeeded)[0]["Body"])
        self.assertEqual(told["requestContext"]["condition"], "Success")
        self.assertEqual((told["requestPayload"], told["responsePayload"]["name"]), ({"a": 1}, function))
        told = json.loads(self.receive(failed)[0]["Body"])
        self.assertEqual(told["requestContext"]["condition"], "RetriesExhausted")
        self.assertEqual(told["responseContext"]["functionError"], "Unhandled")
        self.assertEqual(told["responsePayload"]["errorType"], "TypeError")
