# pynamodb, unmodified: an ordinary day's work with an index, conditions, batches and a transaction.

import os
import unittest
from datetime import UTC, datetime

from door import REGION, name
from pynamodb.attributes import ListAttribute, MapAttribute, NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist, PutError, TransactWriteError, UpdateError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite


class ByAgent(GlobalSecondaryIndex):
    class Meta:
        index_name = "by-agent"
        projection = AllProjection()

    agent = UnicodeAttribute(hash_key=True)
    at = UTCDateTimeAttribute(range_key=True)


class Interaction(Model):
    class Meta:
        table_name = name("interactions")
        region = REGION
        host = os.environ["AWS_ENDPOINT_URL"]
        billing_mode = "PAY_PER_REQUEST"

    conversation = UnicodeAttribute(hash_key=True)
    number = NumberAttribute(range_key=True)
    agent = UnicodeAttribute()
    at = UTCDateTimeAttribute(default=lambda: datetime(2026, 11, 28, tzinfo=UTC))
    tags = ListAttribute(default=list)
    wrap_up = MapAttribute(default=dict)
    seconds = NumberAttribute(default=0)
    by_agent = ByAgent()


class Pynamodb(unittest.TestCase):
    def setUp(self):
        Interaction.create_table(wait=True)
        self.addCleanup(Interaction.delete_table)

    def test_a_days_work(self):
        with Interaction.batch_write() as batch:
            for number in range(60):
                batch.save(Interaction(f"c{number % 3}", number, agent=f"a{number % 2}", tags=["new"]))
        self.assertEqual(Interaction.count("c1"), 20)
        some = Interaction.query("c1", Interaction.number.between(10, 30), scan_index_forward=False)
        self.assertEqual([one.number for one in some], [28, 25, 22, 19, 16, 13, 10])
        self.assertEqual(len(list(Interaction.by_agent.query("a1", page_size=7))), 30)
        one = Interaction.get("c0", 3)
        one.update(
            actions=[
                Interaction.seconds.add(90),
                Interaction.tags.set(Interaction.tags.append(["done"])),
                Interaction.wrap_up.set({"code": "sale"}),
            ],
            condition=Interaction.agent == "a1",
        )
        self.assertEqual((one.seconds, one.tags, one.wrap_up["code"]), (90, ["new", "done"], "sale"))
        with self.assertRaises(UpdateError) as refused:
            one.update(actions=[Interaction.seconds.set(1)], condition=Interaction.agent == "a0")
        self.assertEqual(refused.exception.cause_response_code, "ConditionalCheckFailedException")
        with self.assertRaises(PutError):
            Interaction("c0", 3, agent="a9").save(condition=Interaction.conversation.does_not_exist())
        self.assertEqual(Interaction.get("c0", 3).agent, "a1")
        self.assertEqual(len(list(Interaction.scan(Interaction.tags.contains("done")))), 1)
        self.assertEqual(len(list(Interaction.batch_get([("c0", 0), ("c1", 1), ("c2", 99)]))), 2)
        one.delete()
        with self.assertRaises(DoesNotExist):
            Interaction.get("c0", 3)

    def test_a_transaction_is_all_or_nothing(self):
        connection = Connection(region=REGION, host=os.environ["AWS_ENDPOINT_URL"])
        with TransactWrite(connection=connection) as transaction:
            transaction.save(Interaction("t", 1, agent="a"))
            transaction.save(Interaction("t", 2, agent="a"))
        with self.assertRaises(TransactWriteError):
            with TransactWrite(connection=connection) as transaction:
                transaction.save(Interaction("t", 3, agent="a"))
                transaction.update(
                    Interaction("t", 1), actions=[Interaction.seconds.set(1)], condition=Interaction.agent == "b"
                )
        self.assertEqual([one.number for one in Interaction.query("t")], [1, 2])
