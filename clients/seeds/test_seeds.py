# The tutorials' own scripts, run as their readers would run them: a process with environment variables.

import json
import os
import subprocess
import sys
import threading
import unittest
from pathlib import Path

from door import REGION, DoorTest, account, events, sqs

HERE = Path(__file__).parent


def script(file, **environment):
    """The command and the environment of one script."""
    return [sys.executable, "-u", str(HERE / file)], {**os.environ, **environment}


class RuleTargetEvent(DoorTest):
    """Seed 000: the rule and its target exist, the event matched, and the missing function is told in the dead letter."""

    def test_the_script_runs_and_its_dead_letter_says_why(self):
        genesys_queue = "12345678-abcd-1234-abcd-123456789abc"
        rule = "genesys-conv-end-12345678"
        function = f"arn:aws:lambda:{REGION}:{account()}:function:MyGenesysProcessor"
        dead = sqs.create_queue(QueueName="dlq-genesis")["QueueUrl"]
        self.addCleanup(sqs.delete_queue, QueueUrl=dead)
        command, environment = script(
            "000_rule_target_event.py",
            AWS_ACCOUNT_ID=account(),
            AWS_LAMBDA_ARN=function,
            GENESYS_QUEUE_ID=genesys_queue,
        )
        # Twice: the tutorial fears ResourceAlreadyExistsException; AWS replaces the rule.
        for _ in range(2):
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
            self.assertEqual(0, done.returncode, done.stderr)
            wanted = [
                f"Rule '{rule}' created/updated.",
                f"Target attached to '{rule}'.",
                "Test event dispatched successfully.",
            ]
            self.assertEqual(wanted, done.stdout.splitlines())
        self.addCleanup(self.remove_rule, rule, "default")
        pattern = json.loads(events.describe_rule(Name=rule)["EventPattern"])
        self.assertEqual([genesys_queue], pattern["detail"]["routing"]["queueId"])
        targets = events.list_targets_by_rule(Rule=rule)["Targets"]
        self.assertEqual([("target-1", function)], [(target["Id"], target["Arn"]) for target in targets])
        for message in self.receive(dead, 2, within_s=30, MessageAttributeNames=["All"]):
            detail = json.loads(message["Body"])["detail"]
            self.assertEqual((genesys_queue, "test-resolved"), (detail["routing"]["queueId"], detail["wrapUpCode"]))
            attributes = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
            self.assertEqual(function, attributes["TARGET_ARN"])
            self.assertTrue(attributes["RULE_ARN"].endswith(f"rule/{rule}"), attributes)
            self.assertTrue(attributes["ERROR_CODE"] and attributes["ERROR_MESSAGE"], attributes)


class SqsWorker(DoorTest):
    """Seed 001: the worker receives, prints and deletes what lies on the queue."""

    def test_the_worker_empties_the_queue(self):
        url = self.queue("worker")
        for n in range(12):
            attributes = {"conversationId": f"conv-{n}", "queueId": "queue-456"}
            body = {"eventType": "event:conversation:end", "attributes": attributes}
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))
        command, environment = script("001_sqs_worker.py", AWS_SQS_QUEUE_URL=url)
        lines = self.lines_until(command, environment, "Message deleted successfully.", 12)
        self.assertEqual("Starting event processor...", lines[0])
        processed = {line for line in lines if line.startswith("Processing conversation end: ")}
        wanted = {f"Processing conversation end: ID=conv-{n}, Queue=queue-456" for n in range(12)}
        self.assertEqual(wanted, processed)
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual(["0", "0"], [found[f"ApproximateNumberOfMessages{kind}"] for kind in ("", "NotVisible")])

    def lines_until(self, command, environment, wanted, count):
        """What the process prints until it has printed `wanted` `count` times; then it is ended."""
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        # The worker never ends by itself: neither does this test, if it prints nothing, without a guard.
        guard = threading.Timer(60, process.kill)
        guard.start()
        lines = []
        try:
            for line in process.stdout:
                lines.append(line.rstrip("\n"))
                if lines.count(wanted) == count:
                    break
        finally:
            guard.cancel()
            process.kill()
            process.wait()
            process.stdout.close()
        self.assertEqual(count, lines.count(wanted), lines)
        return lines


if __name__ == "__main__":
    unittest.main()
