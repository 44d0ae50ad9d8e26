# The tutorials' own scripts, run as their readers would run them: a process with environment variables.

import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import unittest
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import boto3
import requests

from door import REGION, DoorTest, account, events, name, sqs
from own_server import BINARY, OwnServer

HERE = Path(__file__).parent
functions = boto3.client("lambda")
logs = boto3.client("logs")
# The simulated org answers where AWS does.
GENESYS = os.environ["AWS_ENDPOINT_URL"]


def script(file, **environment):
    """The command and the environment of one script."""
    return [sys.executable, "-u", str(HERE / file)], {**os.environ, **environment}


class Genesys:
    """The Platform API, as the scripts themselves call it."""

    def __init__(self):
        form = {"grant_type": "client_credentials", "client_id": "any", "client_secret": "any"}
        answer = requests.post(f"{GENESYS}/oauth/token", data=form, timeout=30)
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def call(self, method, path, wanted=200, **more):
        """The answer's body; its status must be `wanted`."""
        answer = requests.request(method, GENESYS + path, headers=self.headers, timeout=30, **more)
        assert answer.status_code == wanted, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def queue_id(self, wanted):
        """The id of a queue of the org."""
        queues = self.call("GET", "/api/v2/routing/queues?pageSize=100")["entities"]
        return next(queue["id"] for queue in queues if queue["name"] == wanted)

    def remove_all(self, path):
        """Deletes what the scripts made."""
        for one in self.call("GET", path)["entities"]:
            self.call("DELETE", f"{path}/{one['id']}", wanted=204)


class ScriptTest(DoorTest):
    """A test of scripts that do not end by themselves, or do."""

    def run_script(self, file, **environment):
        """What a script prints until it ends well."""
        command, environment = script(file, GENESYS_URL=GENESYS, **environment)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout.splitlines()

    def lines_until(self, command, environment, is_last, stream="stdout"):
        """What the process prints until `is_last` of all lines so far; it is ended after the test."""
        process = subprocess.Popen(command, env=environment, text=True, **{stream: subprocess.PIPE})
        # These never end by themselves: neither does this test, if they print nothing, without a guard.
        guard = threading.Timer(60, process.kill)
        guard.start()
        out = getattr(process, stream)
        lines = []

        def end():
            guard.cancel()
            process.kill()
            process.wait()
            out.close()

        self.addCleanup(end)
        for line in out:
            lines.append(line.rstrip("\n"))
            if is_last(lines):
                return lines, out
        self.fail(f"it ended after {lines}")

    def until(self, look, wanted):
        """Looks again until `wanted` holds of what was found."""
        deadline = time.monotonic() + 30
        while not wanted(found := look()):
            self.assertLess(time.monotonic(), deadline, found)
            time.sleep(0.1)
        return found


class RuleTargetEvent(DoorTest):
    """Seed 000: the rule and its target exist, the event matched; the function gets it, or the dead letter says why not."""

    QUEUE = "12345678-abcd-1234-abcd-123456789abc"
    RULE = "genesys-conv-end-12345678"
    FUNCTION = "MyGenesysProcessor"

    def function_arn(self):
        return f"arn:aws:lambda:{REGION}:{account()}:function:{self.FUNCTION}"

    def dead_letters(self):
        """The dead-letter queue that the script names, for this test."""
        dead = sqs.create_queue(QueueName="dlq-genesis")["QueueUrl"]
        self.addCleanup(sqs.delete_queue, QueueUrl=dead)
        return dead

    def run_the_script(self):
        command, environment = script(
            "000_rule_target_event.py",
            AWS_ACCOUNT_ID=account(),
            AWS_LAMBDA_ARN=self.function_arn(),
            GENESYS_QUEUE_ID=self.QUEUE,
        )
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(0, done.returncode, done.stderr)
        wanted = [
            f"Rule '{self.RULE}' created/updated.",
            f"Target attached to '{self.RULE}'.",
            "Test event dispatched successfully.",
        ]
        self.assertEqual(wanted, done.stdout.splitlines())

    def create_the_function(self):
        """The tutorial's handler, unchanged, as a function."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as zipped:
            zipped.writestr("index.mjs", (HERE / "000_handler.mjs").read_text())
        functions.create_function(
            FunctionName=self.FUNCTION,
            Runtime="nodejs20.x",
            Role=f"arn:aws:iam::{account()}:role/lambda",
            Handler="index.handler",
            Code={"ZipFile": archive.getvalue()},
            Timeout=30,
        )
        self.addCleanup(functions.delete_function, FunctionName=self.FUNCTION)

    def test_the_script_runs_and_its_dead_letter_says_why(self):
        dead = self.dead_letters()
        # Twice: the tutorial fears ResourceAlreadyExistsException; AWS replaces the rule.
        for _ in range(2):
            self.run_the_script()
        self.addCleanup(self.remove_rule, self.RULE, "default")
        pattern = json.loads(events.describe_rule(Name=self.RULE)["EventPattern"])
        self.assertEqual([self.QUEUE], pattern["detail"]["routing"]["queueId"])
        targets = events.list_targets_by_rule(Rule=self.RULE)["Targets"]
        self.assertEqual([("target-1", self.function_arn())], [(target["Id"], target["Arn"]) for target in targets])
        for message in self.receive(dead, 2, within_s=30, MessageAttributeNames=["All"]):
            detail = json.loads(message["Body"])["detail"]
            self.assertEqual((self.QUEUE, "test-resolved"), (detail["routing"]["queueId"], detail["wrapUpCode"]))
            attributes = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
            self.assertEqual(self.function_arn(), attributes["TARGET_ARN"])
            self.assertTrue(attributes["RULE_ARN"].endswith(f"rule/{self.RULE}"), attributes)
            self.assertTrue(attributes["ERROR_CODE"] and attributes["ERROR_MESSAGE"], attributes)

    @unittest.skipUnless(shutil.which("node"), "node is not installed")
    def test_without_its_permission_the_function_is_not_called_and_the_dead_letter_has_the_call(self):
        dead = self.dead_letters()
        self.create_the_function()
        self.run_the_script()
        self.addCleanup(self.remove_rule, self.RULE, "default")
        message = self.receive(dead, 1, within_s=30, MessageAttributeNames=["All"])[0]
        attributes = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
        self.assertEqual("NO_PERMISSIONS", attributes["ERROR_CODE"])
        self.assertIn(f"aws lambda add-permission --function-name {self.function_arn()}", attributes["ERROR_MESSAGE"])

    @unittest.skipUnless(os.environ.get("TRUNKLINE_RUNTIMES"), "the AWS SDK that the handler imports is not installed")
    def test_with_its_permission_the_handler_processes_the_event(self):
        dead = self.dead_letters()
        self.create_the_function()
        functions.add_permission(
            FunctionName=self.FUNCTION,
            StatementId="genesys-eventbridge-permission",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=f"arn:aws:events:{REGION}:{account()}:rule/genesys-conv-end-*",
        )
        self.run_the_script()
        self.addCleanup(self.remove_rule, self.RULE, "default")
        wanted = re.compile(rf"Processing conversation test-conv-[0-9a-f-]{{36}} for queue {self.QUEUE}")
        deadline = time.monotonic() + 30
        lines = []
        while not any(wanted.search(line) for line in lines):
            self.assertLess(time.monotonic(), deadline, lines)
            time.sleep(0.2)
            try:
                found = logs.filter_log_events(logGroupName=f"/aws/lambda/{self.FUNCTION}")
                lines = [event["message"] for event in found["events"]]
            except logs.exceptions.ResourceNotFoundException:
                pass
        self.assertTrue(any("Wrap-up: test-resolved, Duration: 5000ms" in line for line in lines), lines)
        self.assert_empty(dead)


@unittest.skipUnless(BINARY, "the server is another\'s, and does not enforce permissions")
@unittest.skipUnless(os.environ.get("TRUNKLINE_RUNTIMES"), "the AWS SDK that the handler imports is not installed")
class Enforced(unittest.TestCase):
    """Seed 000 where what AWS would refuse is refused: without the queue's policy its dead letter is lost, and with it kept."""

    ACCOUNT, QUEUE, FUNCTION = "123456789012", RuleTargetEvent.QUEUE, RuleTargetEvent.FUNCTION

    def setUp(self):
        self.server = OwnServer("--account", self.ACCOUNT, "--permissions", "enforce")
        self.addCleanup(self.server.end)
        self.sqs, self.functions = self.server.client("sqs"), self.server.client("lambda")
        self.dead = self.sqs.create_queue(QueueName="dlq-genesis")["QueueUrl"]
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as zipped:
            zipped.writestr("index.mjs", (HERE / "000_handler.mjs").read_text())
        made = self.functions.create_function(
            FunctionName=self.FUNCTION,
            Runtime="nodejs20.x",
            Role=f"arn:aws:iam::{self.ACCOUNT}:role/lambda",
            Handler="index.handler",
            Code={"ZipFile": archive.getvalue()},
            Timeout=30,
        )
        self.arn = made["FunctionArn"]

    def run_the_script(self):
        """Runs it; the id of the event that it put."""
        known = self.events()
        command, environment = script(
            "000_rule_target_event.py",
            AWS_ENDPOINT_URL=self.server.endpoint,
            AWS_ACCOUNT_ID=self.ACCOUNT,
            AWS_LAMBDA_ARN=self.arn,
            GENESYS_QUEUE_ID=self.QUEUE,
        )
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("Test event dispatched successfully.", done.stdout)
        new = [event for event in self.events() if event not in known]
        self.assertEqual(1, len(new), new)
        return new[0]

    def events(self):
        """The ids of all events."""
        lines = self.server.ask("events", "list", "--json").splitlines()
        return [json.loads(line)["event"]["id"] for line in lines if line]

    def received(self):
        answer = self.sqs.receive_message(QueueUrl=self.dead, WaitTimeSeconds=1, MessageAttributeNames=["All"])
        return answer.get("Messages", [])

    def until(self, what, look):
        """Looks again until there is something; what there is."""
        deadline = time.monotonic() + 60
        while not (found := look()):
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.2)
        return found

    def test_its_dead_letter_needs_the_policy_that_the_document_shows(self):
        event = self.run_the_script()
        # Neither the function nor the queue lets the rule in: the event is given up at once, and nothing keeps it.
        told = self.until("both refusals", lambda: (text := self.shown(event)) and "sqs:SendMessage" in text and text)
        self.assertIn("aws lambda add-permission", told)
        self.assertIn("dlq-genesis", told)
        self.assertEqual([], self.received())
        document = (HERE / "../../docs/tutorials.md").read_text()
        policy = next(text for text in re.findall(r"```json\n(.*?)```", document, re.DOTALL) if "dlq-genesis" in text)
        self.sqs.set_queue_attributes(QueueUrl=self.dead, Attributes={"Policy": policy})
        self.run_the_script()
        letter = self.until("the dead letter", self.received)[0]
        self.assertEqual("NO_PERMISSIONS", letter["MessageAttributes"]["ERROR_CODE"]["StringValue"])
        self.sqs.delete_message(QueueUrl=self.dead, ReceiptHandle=letter["ReceiptHandle"])
        self.functions.add_permission(
            FunctionName=self.FUNCTION,
            StatementId="genesys-eventbridge-permission",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=f"arn:aws:events:{REGION}:{self.ACCOUNT}:rule/genesys-conv-end-*",
        )
        self.run_the_script()
        wanted = f"for queue {self.QUEUE}"
        self.until("the handler", lambda: wanted in self.server.ask("function", "logs", self.FUNCTION))
        self.assertEqual([], self.received())

    def shown(self, event):
        return self.server.ask("events", "show", event) + self.server.log()


class SqsWorker(ScriptTest):
    """Seed 001: the worker receives, prints and deletes what lies on the queue."""

    def test_the_worker_empties_the_queue(self):
        url = self.queue("worker")
        for n in range(12):
            attributes = {"conversationId": f"conv-{n}", "queueId": "queue-456"}
            body = {"eventType": "event:conversation:end", "attributes": attributes}
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))
        command, environment = script("001_sqs_worker.py", AWS_SQS_QUEUE_URL=url)
        deleted = "Message deleted successfully."
        lines, _ = self.lines_until(command, environment, lambda lines: lines.count(deleted) == 12)
        self.assertEqual("Starting event processor...", lines[0])
        processed = {line for line in lines if line.startswith("Processing conversation end: ")}
        wanted = {f"Processing conversation end: ID=conv-{n}, Queue=queue-456" for n in range(12)}
        self.assertEqual(wanted, processed)
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual(["0", "0"], [found[f"ApproximateNumberOfMessages{kind}"] for kind in ("", "NotVisible")])


class Subscription(ScriptTest):
    """Seed 001, its complete example: makes a subscription, once, and receives what it lets through."""

    def test_the_script_receives_ends_of_its_queue(self):
        genesys = Genesys()
        self.addCleanup(genesys.remove_all, "/api/v2/events/subscriptions")
        queue_id, url = genesys.queue_id("Support"), self.queue("ends")
        command, environment = script(
            "001_subscription.py",
            GENESYS_URL=GENESYS,
            GENESYS_CLIENT_ID="any",
            GENESYS_CLIENT_SECRET="any",
            TARGET_QUEUE_ID=queue_id,
            AWS_SQS_ARN=self.queue_arn(url),
            AWS_SQS_QUEUE_URL=url,
        )
        lines, _ = self.lines_until(command, environment, lambda lines: len(lines) == 5)
        made = re.fullmatch("Subscription created: (.+)", lines[0])[1]
        self.assertEqual("Starting event loop...", lines[1])
        for line in lines[2:]:
            self.assertRegex(line, "^Received end event for conversation: [0-9a-f-]{36}$")
        lines, _ = self.lines_until(command, environment, lambda lines: len(lines) == 2)
        self.assertEqual(f"Subscription already exists: {made}", lines[0])

    def test_a_message_is_as_the_tutorial_shows_it(self):
        genesys = Genesys()
        self.addCleanup(genesys.remove_all, "/api/v2/events/subscriptions")
        queue_id, url = genesys.queue_id("Sales"), self.queue("ends")
        path = "/api/v2/events/subscriptions"
        body = {
            "name": "ends",
            "eventTypes": ["event:conversation:end"],
            "attributeFilter": f"$exists(queue) and queue.id = '{queue_id}'",
            "destination": {"type": "aws_sqs", "awsSqs": {"arn": self.queue_arn(url), "region": REGION}},
            "status": "active",
        }
        made = genesys.call("POST", path, 201, json=body)
        self.assertEqual("conflict", genesys.call("POST", path, 409, json=body)["code"])
        self.assertEqual(made["id"], genesys.call("GET", f"{path}/{made['id']}")["id"])
        wrong = genesys.call("POST", path, 400, json={**body, "name": "wrong", "attributeFilter": "queue.id ="})
        self.assertRegex(wrong["message"], "attributeFilter.*[0-9]", "where the mistake is")
        message = json.loads(self.receive(url, within_s=30)[0]["Body"])
        self.assertEqual({"eventType", "eventTime", "attributes"}, set(message))
        attributes = message["attributes"]
        self.assertEqual({"id": queue_id, "name": "Sales"}, attributes["queue"])
        self.assertEqual(queue_id, attributes["queueId"])
        self.assertTrue(attributes["conversationId"] and attributes["participants"] and attributes["metrics"])
        idle = genesys.call("PUT", f"{path}/{made['id']}", json={**body, "status": "inactive"})
        self.assertEqual("inactive", idle["status"])
        genesys.call("DELETE", f"{path}/{made['id']}", 204)
        genesys.call("GET", f"{path}/{made['id']}", 404)


class DebugRule(ScriptTest):
    """Seed 002: finds a conversation of 2023 and its first event, and tests it against the rule."""

    def test_the_script_runs_to_its_end(self):
        bus, conversation = self.bus(), name("conversation")
        common = {"conversationId": conversation, "type": "voice", "direction": "inbound"}
        # The script looks at 2023 and takes the conversation that ended last: this run's, not an earlier one's.
        at = datetime(2023, 1, 1) + timedelta(seconds=(time.time() - 1.76e9) / 10)
        begun, ended = (f"{moment.isoformat(timespec='milliseconds')}Z" for moment in (at, at + timedelta(minutes=5)))
        self.put(bus, {**common, "time": begun}, detail_type="conversation.start", Time=begun)
        self.put(bus, {**common, "startTime": begun, "endTime": ended, "status": "completed"}, Time=ended)
        rule = "GenesysConversationRule"
        pattern = {"detail-type": ["ConversationEvent"], "detail": {"eventType": ["ConversationCreated"]}}
        events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
        self.addCleanup(events.delete_rule, Name=rule)
        lines = self.run_script("002_debug_rule.py")
        self.assertIn(f"   Found event: ConversationCreated for conversation {conversation}", lines)
        self.assertIn(f"   Found rule: {rule}", lines)
        self.assertEqual("6. Testing event against pattern...", lines[8])
        # AWS answers `Result`, and the script asks for `isMatch`, which no AWS SDK has: it says so of every event.
        self.assertEqual("   FAILURE: The event does not match the pattern.", lines[9])


class Integration(ScriptTest):
    """Seed 003, the part that speaks to Genesys Cloud: an integration puts conversations on a bus."""

    def test_the_script_makes_it_once_and_updates_it(self):
        genesys, bus, url = Genesys(), self.bus(), self.queue("interactions")
        pattern = {"source": ["genesys.cloud"], "detail-type": ["Interaction Updated", "Conversation Updated"]}
        self.rule(bus, pattern, [{"Id": "queue", "Arn": self.queue_arn(url)}])
        arn = f"arn:aws:events:{REGION}:{account()}:event-bus/{bus}"
        environment = {
            "GENESYS_CLIENT_ID": "any",
            "GENESYS_CLIENT_SECRET": "any",
            "AWS_ACCOUNT_ID": account(),
            "EVENT_BUS_ARN": arn,
        }
        lines = self.run_script("003_integration.py", **environment)
        made = re.fullmatch("Integration configured successfully: (.+)", lines[3])[1]
        self.addCleanup(genesys.call, "DELETE", f"/api/v2/integrations/{made}")
        lines = self.run_script("003_integration.py", **environment)
        self.assertEqual(f"Updating existing integration: {made}", lines[2])
        for message in self.receive(url, 3, within_s=30):
            event = json.loads(message["Body"])
            self.assertEqual("genesys.cloud", event["source"])
            self.assertEqual(event["detail"]["conversationId"], event["detail"]["interactionId"])


class EventStream(ScriptTest):
    """Seed 004: the verifier answers the handshake and receives what the stream of the other script posts."""

    def stream_to(self, url):
        """What the integration's script prints."""
        return self.run_script(
            "004_integration.py",
            GENESYS_CLOUD_CLIENT_ID="any",
            GENESYS_CLOUD_CLIENT_SECRET="any",
            AWS_EVENTBRIDGE_ENDPOINT_URL=url,
        )

    def test_the_verifier_and_the_script_meet(self):
        genesys = Genesys()
        self.addCleanup(genesys.remove_all, "/api/v2/eventstreams")
        command, environment = script("004_verifier.py")
        address = re.compile("Running on (http://127.0.0.1:[0-9]+)")
        lines, log = self.lines_until(command, environment, lambda lines: address.search(lines[-1]), "stderr")
        url = address.search(lines[-1])[1] + "/genesys-events"
        lines = self.stream_to(url)
        made = re.fullmatch("Event Stream created with ID: (.+)", lines[3])[1]
        self.assertEqual(["Enabled: True", f"Destination URL: {url}"], lines[6:8])
        seen = []
        while len(seen) < 3:
            if event := re.search("Received (verification token|Genesys Event: .*)", log.readline()):
                seen.append(event[1])
        self.assertRegex(seen[0], "^verification token")
        self.assertRegex(seen[1], "^Genesys Event: (conversation:start|conversation:end|user:state:change), ID: ")
        lines = self.stream_to(url)
        self.assertEqual(f"Found existing stream with ID: {made}", lines[4])

    def test_an_address_that_does_not_shake_hands_gets_no_stream(self):
        command, environment = script(
            "004_integration.py",
            GENESYS_URL=GENESYS,
            GENESYS_CLOUD_CLIENT_ID="any",
            GENESYS_CLOUD_CLIENT_SECRET="any",
            AWS_EVENTBRIDGE_ENDPOINT_URL=f"{GENESYS}/webhooks/none",
        )
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(1, done.returncode)
        self.assertIn("could not be verified", done.stdout)

    def test_a_webhook_of_trunkline_is_such_an_address(self):
        genesys, url = Genesys(), self.queue("posts")
        self.addCleanup(genesys.remove_all, "/api/v2/eventstreams")
        self.rule("default", {"source": ["webhook.genesys"]}, [{"Id": "queue", "Arn": self.queue_arn(url)}])
        destination = {"protocol": "https", "url": f"{GENESYS}/webhooks/genesys"}
        body = {"name": "to ourselves", "destinations": [destination], "eventTypes": ["conversation:*"]}
        made = genesys.call("POST", "/api/v2/eventstreams", 201, json=body)
        for message in self.receive(url, 3, within_s=30):
            event = json.loads(message["Body"])
            self.assertRegex(event["detail-type"], "^conversation:(start|update|end)$")
            self.assertEqual(event["detail-type"], event["detail"]["eventType"])
        status = self.until(
            lambda: genesys.call("GET", f"/api/v2/eventstreams/{made['id']}")["status"],
            lambda status: status["deliveredCount"] >= 3,
        )
        self.assertNotIn("lastError", status)


if __name__ == "__main__":
    unittest.main()
