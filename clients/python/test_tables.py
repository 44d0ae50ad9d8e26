# DynamoDB through boto3: tables, conditional writes, what a refusal carries, queries, transactions, and the resource interface.

from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError
from door import REGION, DoorTest, account, name

dynamodb = boto3.client("dynamodb")
resource = boto3.resource("dynamodb")


class Tables(DoorTest):
    def table(self, sort=None):
        """A new table, gone after the test."""
        table = name("table")
        keys = [("pk", "HASH")] + ([(sort, "RANGE")] if sort else [])
        dynamodb.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
        )
        dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
        self.addCleanup(dynamodb.delete_table, TableName=table)
        return table

    def test_a_table_is_described_listed_and_tagged(self):
        table = self.table()
        described = dynamodb.describe_table(TableName=table)["Table"]
        arn = f"arn:aws:dynamodb:{REGION}:{account()}:table/{table}"
        self.assertEqual((arn, "ACTIVE"), (described["TableArn"], described["TableStatus"]))
        self.assertIn(table, dynamodb.list_tables()["TableNames"])
        dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "a"}])
        self.assertEqual([{"Key": "team", "Value": "a"}], dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"])
        with self.assertRaises(dynamodb.exceptions.ResourceNotFoundException):
            dynamodb.describe_table(TableName=name("none"))
        with self.assertRaises(ClientError) as caught:
            dynamodb.list_backups()
        self.assertEqual("UnknownOperationException", caught.exception.response["Error"]["Code"])

    def test_a_lease_is_taken_once_and_the_refusal_says_by_whom(self):
        table = self.table()

        def take(owner, now):
            return dynamodb.put_item(
                TableName=table,
                Item={"pk": {"S": "lease"}, "owner": {"S": owner}, "until": {"N": str(now + 60)}},
                ConditionExpression="attribute_not_exists(pk) OR #until < :now",
                ExpressionAttributeNames={"#until": "until"},
                ExpressionAttributeValues={":now": {"N": str(now)}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )

        take("one", 100.5)
        with self.assertRaises(dynamodb.exceptions.ConditionalCheckFailedException) as caught:
            take("two", 120)
        self.assertEqual({"S": "one"}, caught.exception.response["Item"]["owner"])
        take("two", 200)
        fenced = dynamodb.update_item(
            TableName=table,
            Key={"pk": {"S": "lease"}},
            UpdateExpression="ADD fence :one",
            ConditionExpression="#owner = :me",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":one": {"N": "1"}, ":me": {"S": "two"}},
            ReturnValues="ALL_NEW",
        )
        self.assertEqual({"N": "1"}, fenced["Attributes"]["fence"])

    def test_the_resource_interface_reads_what_it_wrote(self):
        table = resource.Table(self.table(sort="sk"))
        with table.batch_writer() as batch:
            for number in range(60):
                batch.put_item(Item={"pk": "a", "sk": f"{number:03}", "n": Decimal(number) / 4, "tags": {"x", "y"}})
        pages = table.query(KeyConditionExpression=Key("pk").eq("a") & Key("sk").begins_with("00"), Limit=4)
        self.assertEqual(4, pages["Count"])
        rest = table.query(
            KeyConditionExpression=Key("pk").eq("a") & Key("sk").begins_with("00"), ExclusiveStartKey=pages["LastEvaluatedKey"]
        )
        self.assertEqual(6, rest["Count"])
        found = table.scan(FilterExpression=Attr("n").gte(Decimal("14.5")))["Items"]
        self.assertEqual([Decimal("14.5"), Decimal("14.75")], sorted(item["n"] for item in found))
        self.assertEqual({"x", "y"}, found[0]["tags"])

    def test_a_transaction_is_all_or_none(self):
        table = self.table()
        put = {"TableName": table, "ConditionExpression": "attribute_not_exists(pk)"}
        items = [{"Put": {**put, "Item": {"pk": {"S": key}}}} for key in ("a", "b")]
        dynamodb.transact_write_items(TransactItems=items[:1])
        with self.assertRaises(dynamodb.exceptions.TransactionCanceledException) as caught:
            dynamodb.transact_write_items(TransactItems=list(reversed(items)))
        codes = [reason["Code"] for reason in caught.exception.response["CancellationReasons"]]
        self.assertEqual(["None", "ConditionalCheckFailed"], codes)
        self.assertEqual(1, dynamodb.scan(TableName=table, Select="COUNT")["Count"])

    def test_time_to_live_is_set_and_described(self):
        table = self.table()
        specification = {"AttributeName": "until", "Enabled": True}
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)
        described = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        self.assertEqual(("ENABLED", "until"), (described["TimeToLiveStatus"], described["AttributeName"]))
