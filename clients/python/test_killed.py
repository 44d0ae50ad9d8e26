# Powertools' idempotency over a queue, and a kill in the middle of a batch: each order's effect comes once.

import json
import shutil
import sys
import time
import unittest

import boto3
from own_server import BINARY, OwnServer
from test_lambda import ROLE, zipped
from test_powertools import CODE, layer


@unittest.skipUnless(BINARY, "the server is another's, and cannot be killed")
@unittest.skipUnless(shutil.which("python3"), "python3 is not installed")
class Killed(unittest.TestCase):
    def setUp(self):
        self.server = OwnServer()
        self.addCleanup(self.server.end)
        self.functions, self.sqs = self.server.client("lambda"), self.server.client("sqs")
        self.dynamodb = boto3.resource("dynamodb", endpoint_url=self.server.endpoint)

    def table(self, name, key):
        return self.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        )

    def until(self, what, look):
        """Looks again until there is something; what there is."""
        end = time.monotonic() + 300
        while not (found := look()):
            if time.monotonic() > end:
                self.fail(f"{what}:\n{self.server.ask('function', 'logs', 'orders')}")
            time.sleep(0.1)
        return found

    def send(self, queue, orders):
        for at in range(0, len(orders), 10):
            some = enumerate(orders[at : at + 10])
            entries = [{"Id": f"m{number}", "MessageBody": json.dumps(order)} for number, order in some]
            self.sqs.send_message_batch(QueueUrl=queue, Entries=entries)

    def worker(self):
        """The function, one batch at a time: what a kill hits is known. It ends before its messages are seen again."""
        made = self.functions.publish_layer_version(LayerName="powertools", Content={"ZipFile": layer()})
        self.functions.create_function(
            FunctionName="orders",
            Runtime="python%d.%d" % sys.version_info[:2],
            Role=ROLE,
            Handler="app.of_queue",
            Code={"ZipFile": zipped({"app.py": CODE})},
            Layers=[made["LayerVersionArn"]],
            Timeout=60,
            MemorySize=512,
            Environment={"Variables": {"KEYS": "keys", "EFFECTS": "effects"}},
        )
        self.functions.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=1)

    def test_what_was_done_before_a_kill_is_not_done_again(self):
        keys, effects = self.table("keys", "id"), self.table("effects", "pk")
        self.worker()
        queue = self.sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
        # All of them are there before the mapping is: they are one batch. The last one holds it up when the others are done.
        self.send(queue, [*({"order": f"o{number % 3}"} for number in range(5)), {"order": "slow", "waits": True}])
        asked = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        self.functions.create_event_source_mapping(
            FunctionName="orders",
            EventSourceArn=asked["Attributes"]["QueueArn"],
            BatchSize=10,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )

        def completed():
            return sum(item["status"] == "COMPLETED" for item in keys.scan(ConsistentRead=True)["Items"])

        self.until("the slow order", lambda: effects.get_item(Key={"pk": "begun"}, ConsistentRead=True).get("Item"))
        self.until("the other orders", lambda: completed() == 3)
        self.server.kill()
        self.server.start()
        effects.put_item(Item={"pk": "gate"})
        self.send(queue, [{"order": f"o{number % 8}"} for number in range(16)])

        def is_empty():
            names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            found = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
            return all(found[name] == "0" for name in names)

        self.until("nine orders", lambda: completed() == 9)
        self.until("an empty queue", is_empty)
        times = {one["pk"]: int(one["times"]) for one in effects.scan(ConsistentRead=True)["Items"] if "times" in one}
        self.assertEqual(times, {order: 1 for order in [*(f"o{number}" for number in range(8)), "slow"]})


if __name__ == "__main__":
    unittest.main()
