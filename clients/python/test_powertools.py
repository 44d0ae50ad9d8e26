# Powertools for Python in functions of Trunkline's, as a layer: batch, idempotency and logger, as their documentation shows them.

import json
import shutil
import sys
import sysconfig
import time
import unittest
from pathlib import Path

import boto3
from door import DoorTest, name
from test_lambda import ROLE, zipped

client = boto3.client("lambda")
sqs = boto3.client("sqs")
logs = boto3.client("logs")
dynamodb = boto3.resource("dynamodb")

CODE = """
import os
import time

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent,
    idempotent_function,
)

logger = Logger(service="orders")
processor = BatchProcessor(event_type=EventType.SQS)
keys = DynamoDBPersistenceLayer(table_name=os.environ["KEYS"])
config = IdempotencyConfig(event_key_jmespath="order")
effects = boto3.resource("dynamodb").Table(os.environ["EFFECTS"])


def effect(order):
    if order.get("bad"):
        raise ValueError("no order " + order["order"])
    if order.get("waits"):
        effects.put_item(Item={"pk": "begun"})
        while "Item" not in effects.get_item(Key={"pk": "gate"}, ConsistentRead=True):
            time.sleep(0.05)
    effects.update_item(
        Key={"pk": order["order"]}, UpdateExpression="ADD times :one", ExpressionAttributeValues={":one": 1}
    )
    logger.info("worked", order=order["order"])
    return {"order": order["order"]}


@idempotent_function(data_keyword_argument="order", config=config, persistence_store=keys)
def work(order):
    return effect(order)


def of_record(record):
    return work(order=record.json_body)


@logger.inject_lambda_context
def of_queue(event, context):
    config.register_lambda_context(context)
    return process_partial_response(event=event, record_handler=of_record, processor=processor, context=context)


@idempotent(config=config, persistence_store=keys)
def of_event(event, context):
    return effect(event)
"""

# What a function with Powertools brings along; boto3 with it, since the interpreter alone has none.
PACKAGES = (
    "aws_lambda_powertools boto3 botocore dateutil jmespath s3transfer typing_extensions.py six.py urllib3"
).split()


def layer():
    """The packages of this very environment, as a layer's zip has them."""
    folder = Path(sysconfig.get_path("purelib"))
    files = [path for package in PACKAGES for path in ([folder / package] + sorted((folder / package).rglob("*")))]
    files = [path for path in files if path.is_file() and "__pycache__" not in path.parts and is_wanted(path)]
    return zipped({f"python/{path.relative_to(folder)}": path.read_bytes() for path in files})


def is_wanted(path):
    """Of botocore's hundreds of services only one is called; a layer is 50 MB at most."""
    parts = path.parts
    services = {"dynamodb", "endpoints.json", "partitions.json", "_retry.json", "sdk-default-configuration.json"}
    if "data" in parts and ("botocore" in parts or "boto3" in parts):
        return parts[parts.index("data") + 1] in services
    return True


@unittest.skipUnless(shutil.which("python3"), "python3 is not installed")
class Powertools(DoorTest):
    @classmethod
    def setUpClass(cls):
        cls.layer = client.publish_layer_version(LayerName=name("powertools"), Content={"ZipFile": layer()})

    @classmethod
    def tearDownClass(cls):
        made = cls.layer["LayerArn"]
        client.delete_layer_version(LayerName=made, VersionNumber=cls.layer["Version"])

    def table(self, key):
        table = dynamodb.create_table(
            TableName=name("table"),
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        )
        self.addCleanup(table.delete)
        return table

    def worker(self, handler):
        """A function, its table of keys and its table of effects."""
        keys, effects, function = self.table("id"), self.table("pk"), name("function")
        client.create_function(
            FunctionName=function,
            Runtime="python%d.%d" % sys.version_info[:2],
            Role=ROLE,
            Handler=f"app.{handler}",
            Code={"ZipFile": zipped({"app.py": CODE})},
            Layers=[self.layer["LayerVersionArn"]],
            Timeout=30,
            MemorySize=512,
            Environment={"Variables": {"KEYS": keys.name, "EFFECTS": effects.name}},
        )
        self.addCleanup(client.delete_function, FunctionName=function)
        return function, keys, effects

    def until(self, what, holds, within_s=120):
        end = time.monotonic() + within_s
        while not holds():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.1)

    def completed(self, keys):
        return [item for item in keys.scan(ConsistentRead=True)["Items"] if item["status"] == "COMPLETED"]

    def times(self, effects):
        return {item["pk"]: int(item["times"]) for item in effects.scan(ConsistentRead=True)["Items"]}

    def test_a_queues_duplicates_have_one_effect_and_one_bad_message_costs_only_itself(self):
        function, keys, effects = self.worker("of_queue")
        queue = self.queue("orders", VisibilityTimeout="30")
        orders = [{"order": f"o{number % 10}"} for number in range(30)] + [{"order": "bad", "bad": True}]
        for at in range(0, len(orders), 10):
            some = enumerate(orders[at : at + 10])
            entries = [{"Id": f"m{number}", "MessageBody": json.dumps(order)} for number, order in some]
            sqs.send_message_batch(QueueUrl=queue, Entries=entries)
        mapping = client.create_event_source_mapping(
            FunctionName=function,
            EventSourceArn=self.queue_arn(queue),
            BatchSize=10,
            ScalingConfig={"MaximumConcurrency": 2},
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )
        self.addCleanup(client.delete_event_source_mapping, UUID=mapping["UUID"])
        self.until("ten orders", lambda: len(self.completed(keys)) == 10)
        self.assertEqual(self.times(effects), {f"o{number}": 1 for number in range(10)})

        def logged():
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}", filterPattern='"worked"')
            lines = [json.loads(event["message"]) for event in found["events"]]
            return lines and lines[0]["service"] == "orders" and lines[0]["function_name"] == function

        self.until("the logger's lines", logged)

    def test_an_asynchronous_functions_duplicates_have_one_effect(self):
        function, keys, effects = self.worker("of_event")
        for number in range(12):
            payload = json.dumps({"order": f"o{number % 4}"})
            client.invoke(FunctionName=function, InvocationType="Event", Payload=payload)
        self.until("four orders", lambda: len(self.completed(keys)) == 4, within_s=360)
        self.assertEqual(self.times(effects), {f"o{number}": 1 for number in range(4)})
