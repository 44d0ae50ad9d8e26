# `trunkline plan|apply|destroy --to aws`, live against an emulator of CloudFormation.
"""`trunkline plan|apply|destroy --to aws` against an emulator, looked at through the services' own APIs.

The emulator (ministack) has no archives, connections and API destinations, models no failing resource and no adoption of what is
there already: those states are played by the scripted double in crates/cli/tests/it/stack.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import boto3

BINARY = os.environ["TRUNKLINE_BIN"]
FILE = """
version: 1
name: crm
bus: contact-centre
queues:
  - { name: calls, visibilityTimeout: %(visibility)s, deadLetter: { queue: dead, maxReceiveCount: 3 } }
  - { name: dead, retention: 14d }
tables:
  - { name: conversations, key: id }
logGroups:
  - { name: /aws/events/ended, retentionDays: 30 }
functions:
  - name: remember
    runtime: python3.13
    environment: { TABLE: "${table:conversations}" }
    inline: |
      def handler(event, context):
          return event
rules:
  - name: ended
    pattern: { source: [genesys.cloud], detail-type: [%(type)s] }
    targets: [{ queue: calls, deadLetter: dead }, { function: remember, deadLetter: dead }]
"""
FIRST = {"visibility": "30s", "type": "conversation.end"}
SECOND = {"visibility": "90s", "type": "conversation.start"}


CARRIED = """
version: 1
name: carried
queues: [{ name: carry }, { name: carried-out }]
workers: [{ queue: carry, sendTo: carried-out, concurrency: 2 }]
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Here:
    """A Trunkline with the file of a folder."""

    def __init__(self, data, folder):
        self.url = f"http://127.0.0.1:{free_port()}"
        self.data, self.folder = data, folder

    def __enter__(self):
        listen = self.url.removeprefix("http://")
        command = [BINARY, "serve", "--data-dir", self.data, "--listen", listen]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.server.stdout.readline()
        command = [BINARY, "apply", "--yes", "--endpoint", self.url]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, timeout=120)
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait(60)
        self.server.stdout.close()

    def client(self, service):
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1")


def shown(client):
    """What the services' own APIs show of FILE, without what each account names for itself."""
    sqs, events, tables = client("sqs"), client("events"), client("dynamodb")
    queues = {}
    for name in ("calls", "dead"):
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        kept = {key: attributes[key] for key in ("VisibilityTimeout", "MessageRetentionPeriod", "DelaySeconds")}
        redrive = json.loads(attributes.get("RedrivePolicy", "{}"))
        redrive = {**redrive, "maxReceiveCount": int(redrive["maxReceiveCount"])} if redrive else redrive
        queues[name] = {**kept, "RedrivePolicy": redrive}
    rule = events.describe_rule(Name="ended", EventBusName="contact-centre")
    targets = events.list_targets_by_rule(Rule="ended", EventBusName="contact-centre")["Targets"]
    table = tables.describe_table(TableName="conversations")["Table"]
    group = client("logs").describe_log_groups(logGroupNamePrefix="/aws/events/ended")["logGroups"][0]
    function = client("lambda").get_function_configuration(FunctionName="remember")
    return {
        "queues": queues,
        "rule": (json.loads(rule["EventPattern"]), rule["State"]),
        "targets": sorted((one["Id"], one["Arn"], one["DeadLetterConfig"]["Arn"]) for one in targets),
        "table": (table["KeySchema"], table["AttributeDefinitions"], table.get("BillingModeSummary", {}).get("BillingMode")),
        "group": (group["logGroupName"], group.get("retentionInDays")),
        "function": {key: function[key] for key in ("Runtime", "Handler", "Timeout", "MemorySize")},
        "variables": function["Environment"]["Variables"],
    }


class Stack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        port = free_port()
        cls.url = f"http://127.0.0.1:{port}"
        cls.folder = tempfile.TemporaryDirectory()
        # By default it listens on every address.
        environment = {**os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
        cls.log = open(os.path.join(cls.folder.name, "emulator.log"), "w")
        cls.emulator = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=environment, cwd=cls.folder.name, stdout=cls.log, stderr=cls.log
        )
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if cls.emulator.poll() is not None:
                    break
                time.sleep(0.1)
        raise AssertionError("the emulator does not start")

    @classmethod
    def tearDownClass(cls):
        cls.emulator.terminate()
        cls.emulator.wait(30)
        cls.log.close()
        cls.folder.cleanup()

    def client(self, service):
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1")

    def write(self, values):
        with open(os.path.join(self.folder.name, "trunkline.yaml"), "w") as file:
            file.write(FILE % values)

    def trunkline(self, status, *arguments):
        command = [BINARY, *arguments, "--to", "aws", "--endpoint", self.url]
        done = subprocess.run(
            command, cwd=self.folder.name, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL
        )
        self.assertEqual(done.returncode, status, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def visibility(self):
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName="calls")["QueueUrl"]
        return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]

    def test_a_stack_is_made_changed_and_gone(self):
        stacks = self.client("cloudformation")
        self.write(FIRST)
        self.assertIn("which is new", self.trunkline(2, "plan", "--detailed-exitcode"))
        with self.assertRaises(stacks.exceptions.ClientError):
            stacks.describe_stacks(StackName="crm")

        self.assertIn("stack crm is as the file says", self.trunkline(0, "apply", "--yes"))
        self.assertEqual(self.visibility(), {"VisibilityTimeout": "30"})
        events = self.client("events")
        rule = events.describe_rule(Name="ended", EventBusName="contact-centre")
        self.assertEqual(json.loads(rule["EventPattern"])["detail-type"], ["conversation.end"])
        targets = events.list_targets_by_rule(Rule="ended", EventBusName="contact-centre")["Targets"]
        self.assertEqual(len(targets), 2)
        self.assertTrue(all(target["DeadLetterConfig"]["Arn"].endswith(":dead") for target in targets), targets)
        self.assertIn("nothing to change", self.trunkline(0, "plan", "--detailed-exitcode"))

        self.write(SECOND)
        planned = json.loads(self.trunkline(0, "plan", "--keep", "--json"))
        # The emulator calls a change of any rule one that may replace it.
        told = {change["type"]: change["action"] for change in planned["changes"]}
        self.assertEqual(told.get("AWS::SQS::Queue"), "change", planned)
        self.assertIn("AWS::Events::Rule", told)
        self.trunkline(0, "apply", planned["changeSet"], "--yes")
        self.assertEqual(self.visibility(), {"VisibilityTimeout": "90"})
        self.assertIn("nothing to change", self.trunkline(0, "apply", "--yes"))

        entry = {"Source": "genesys.cloud", "DetailType": "conversation.start", "Detail": "{}", "EventBusName": "contact-centre"}
        self.assertEqual(events.put_events(Entries=[entry])["FailedEntryCount"], 0)
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName="calls")["QueueUrl"]
        messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages", [])
        self.assertEqual([json.loads(one["Body"])["detail-type"] for one in messages], ["conversation.start"])

        self.assertIn("nothing was changed", self.trunkline(0, "plan", "--drift", "--detailed-exitcode"))
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "45"})
        self.assertIn("VisibilityTimeout: 90 -> 45", self.trunkline(2, "plan", "--drift", "--detailed-exitcode"))

        self.trunkline(0, "apply", "--yes", "--protect")
        self.trunkline(2, "destroy", "--yes")
        gone = self.trunkline(0, "destroy", "--yes", "--unprotect")
        self.assertIn("table conversations", gone)
        with self.assertRaises(sqs.exceptions.ClientError):
            sqs.get_queue_url(QueueName="calls")
        # What holds data stays.
        self.client("dynamodb").describe_table(TableName="conversations")
        sqs.get_queue_url(QueueName="dead")
        self.assertIn("there is no stack crm", self.trunkline(0, "destroy", "--yes"))

    def test_what_is_made_here_is_what_the_stack_makes(self):
        """The same file applied to a Trunkline and as a stack: what the services' own APIs show is the same."""
        self.write(FIRST)
        self.trunkline(0, "apply", "--yes", "--stack", "twin")
        try:
            there = shown(self.client)
            with Here(os.path.join(self.folder.name, "here"), self.folder.name) as here:
                ours = shown(here.client)
            self.assertEqual(there, ours)
        finally:
            self.trunkline(0, "destroy", "--yes", "--stack", "twin")
            # What holds data stays, and would be in the way of the next stack of these names.
            self.client("dynamodb").delete_table(TableName="conversations")
            sqs = self.client("sqs")
            sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="dead")["QueueUrl"])
            logs = self.client("logs")
            for group in logs.describe_log_groups()["logGroups"]:
                logs.delete_log_group(logGroupName=group["logGroupName"])

    def test_a_worker_finds_its_stack_and_carries(self):
        with open(os.path.join(self.folder.name, "trunkline.yaml"), "w") as file:
            file.write(CARRIED)
        said = self.trunkline(0, "apply", "--yes")
        self.assertIn("trunkline worker -f trunkline.yaml --stack carried --region us-east-1", said)
        sqs = self.client("sqs")
        source, out = (sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in ("carry", "carried-out"))
        bodies = {str(number) for number in range(20)}
        for body in bodies:
            sqs.send_message(QueueUrl=source, MessageBody=body)
        command = [BINARY, "worker", "--stack", "carried", "--region", "us-east-1", "--endpoint", self.url]
        workers = [subprocess.Popen(command, cwd=self.folder.name, stderr=self.log) for _ in range(2)]
        try:
            came = set()
            while came != bodies:
                answer = sqs.receive_message(QueueUrl=out, MaxNumberOfMessages=10, WaitTimeSeconds=5)
                came |= {message["Body"] for message in answer.get("Messages", [])}
                self.assertTrue(all(worker.poll() is None for worker in workers), "a worker ended")
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait(60)
        self.assertEqual([worker.returncode for worker in workers], [0, 0])
        self.trunkline(0, "destroy", "--yes")

    def test_a_deployed_stack_is_imported(self):
        self.client("cloudformation").create_stack(
            StackName="theirs",
            TemplateBody=json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 77}}}}),
        )
        command = [BINARY, "import", "--stack", "theirs", "--region", "us-east-1", "--endpoint", self.url]
        done = subprocess.run(command, cwd=self.folder.name, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("visibilityTimeout: 77", done.stdout)
        physical = self.client("cloudformation").list_stack_resources(StackName="theirs")["StackResourceSummaries"][0]
        self.assertIn(physical["PhysicalResourceId"].rsplit("/", 1)[-1], done.stdout)

    def test_somebody_elses_stack_is_refused(self):
        template = {"Description": "The payroll", "Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}
        self.client("cloudformation").create_stack(StackName="payroll", TemplateBody=json.dumps(template))
        self.write(FIRST)
        for command in (["plan"], ["apply", "--yes"], ["destroy", "--yes"]):
            self.trunkline(2, *command, "--stack", "payroll")
        self.client("cloudformation").describe_stacks(StackName="payroll")


if __name__ == "__main__":
    unittest.main()
