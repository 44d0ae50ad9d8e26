# SQS in its older query protocol, through the last boto3 that speaks it: every operation, batches, errors, digests.

import json
import time
import unittest
import urllib.error
import urllib.request
import uuid
import xml.etree.ElementTree as xml

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import ClientError

sqs = boto3.client("sqs", config=Config(read_timeout=30, retries={"total_max_attempts": 1}))
ALL = {"AttributeNames": ["All"], "MessageAttributeNames": ["All"]}
NAMESPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"


def name(kind, suffix=""):
    return f"{kind}-{uuid.uuid4().hex[:12]}{suffix}"


class QueryTest(unittest.TestCase):
    maxDiff = None

    def queue(self, fifo=False, **attributes):
        if fifo:
            attributes["FifoQueue"] = "true"
        url = sqs.create_queue(QueueName=name("query", ".fifo" if fifo else ""), Attributes=attributes)["QueueUrl"]
        self.addCleanup(sqs.delete_queue, QueueUrl=url)
        return url

    def arn(self, url):
        return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def receive(self, url, **options):
        return sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2, **options)["Messages"]

    def assert_error(self, code, call, **options):
        with self.assertRaises(ClientError) as caught:
            call(**options)
        error = caught.exception.response
        self.assertEqual((code, "Sender"), (error["Error"]["Code"], error["Error"]["Type"]), error)
        self.assertTrue(error["ResponseMetadata"]["RequestId"])
        return error["Error"]["Message"]


class Client(QueryTest):
    def test_this_sdk_speaks_the_query_protocol(self):
        self.assertEqual("query", sqs.meta.service_model.metadata["protocol"], botocore.__version__)


class Queues(QueryTest):
    def test_a_queue_is_created_found_listed_and_deleted(self):
        queue = name("query")
        url = sqs.create_queue(QueueName=queue, Attributes={"DelaySeconds": "3"}, tags={"a": "1"})["QueueUrl"]
        self.assertEqual(url, sqs.get_queue_url(QueueName=queue)["QueueUrl"])
        self.assertEqual([url], sqs.list_queues(QueueNamePrefix=queue)["QueueUrls"])
        self.assertEqual({"a": "1"}, sqs.list_queue_tags(QueueUrl=url)["Tags"])
        answer = sqs.delete_queue(QueueUrl=url)
        self.assertTrue(answer["ResponseMetadata"]["RequestId"])
        self.assertNotIn("QueueUrls", sqs.list_queues(QueueNamePrefix=queue))

    def test_queues_come_in_pages(self):
        prefix = name("paged")
        urls = sorted(sqs.create_queue(QueueName=f"{prefix}-{n}")["QueueUrl"] for n in range(3))
        for url in urls:
            self.addCleanup(sqs.delete_queue, QueueUrl=url)
        first = sqs.list_queues(QueueNamePrefix=prefix, MaxResults=2)
        rest = sqs.list_queues(QueueNamePrefix=prefix, MaxResults=2, NextToken=first["NextToken"])
        self.assertEqual(urls, sorted(first["QueueUrls"] + rest["QueueUrls"]))
        self.assertNotIn("NextToken", rest)

    def test_attributes_are_set_and_shown(self):
        url = self.queue()
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "7", "DelaySeconds": "1"})
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual(("7", "1", "0"), tuple(
            found[key] for key in ("VisibilityTimeout", "DelaySeconds", "ApproximateNumberOfMessages")))
        some = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout", "DelaySeconds"])
        self.assertEqual({"VisibilityTimeout": "7", "DelaySeconds": "1"}, some["Attributes"])

    def test_tags_and_permissions(self):
        url = self.queue()
        sqs.tag_queue(QueueUrl=url, Tags={"a": "1", "b": "<&>", "c": "é"})
        sqs.untag_queue(QueueUrl=url, TagKeys=["a", "c"])
        self.assertEqual({"b": "<&>"}, sqs.list_queue_tags(QueueUrl=url)["Tags"])
        sqs.add_permission(
            QueueUrl=url, Label="one", AWSAccountIds=["111111111111"], Actions=["SendMessage", "ReceiveMessage"])
        policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
        statement = json.loads(policy)["Statement"][0]
        self.assertEqual(["SQS:SendMessage", "SQS:ReceiveMessage"], statement["Action"])
        sqs.remove_permission(QueueUrl=url, Label="one")
        left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        self.assertNotIn("Attributes", left)

    def test_purging(self):
        url = self.queue()
        sqs.send_message(QueueUrl=url, MessageBody="x")
        sqs.purge_queue(QueueUrl=url)
        self.assertNotIn("Messages", sqs.receive_message(QueueUrl=url))
        with self.assertRaises(sqs.exceptions.PurgeQueueInProgress):
            sqs.purge_queue(QueueUrl=url)


class Messages(QueryTest):
    def test_a_message_comes_as_it_went(self):
        url = self.queue()
        body = "<a href='x'>&amp; + % é 漢 \U0001f600\r\n\ttab</a>"
        attributes = {
            "text": {"DataType": "String", "StringValue": "é <&>"},
            "number": {"DataType": "Number.int", "StringValue": "7"},
            "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff<"},
        }
        trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
        sent = sqs.send_message(
            QueueUrl=url, MessageBody=body, MessageAttributes=attributes, MessageSystemAttributes=trace)
        self.assertEqual(32, len(sent["MD5OfMessageSystemAttributes"]))
        # botocore itself compares MD5OfMessageBody and MD5OfBody with what went and came.
        message = self.receive(url, **ALL)[0]
        self.assertEqual((sent["MessageId"], body), (message["MessageId"], message["Body"]))
        self.assertEqual(attributes, message["MessageAttributes"])
        self.assertEqual(sent["MD5OfMessageAttributes"], message["MD5OfMessageAttributes"])
        self.assertEqual("1", message["Attributes"]["ApproximateReceiveCount"])
        self.assertEqual(trace["AWSTraceHeader"]["StringValue"], message["Attributes"]["AWSTraceHeader"])
        handle = message["ReceiptHandle"]
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
        again = self.receive(url)[0]
        self.assertEqual(sent["MessageId"], again["MessageId"])
        sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
        self.assertNotIn("Messages", sqs.receive_message(QueueUrl=url))

    def test_a_long_poll_ends_with_an_empty_answer(self):
        url = self.queue()
        start = time.monotonic()
        self.assertNotIn("Messages", sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1))
        self.assertGreaterEqual(time.monotonic() - start, 0.9)

    def test_batches_with_parts_that_fail(self):
        url = self.queue()
        attribute = {"n": {"DataType": "String", "StringValue": "v"}}
        entries = [{"Id": f"e{n}", "MessageBody": str(n), "MessageAttributes": attribute} for n in range(9)]
        answer = sqs.send_message_batch(
            QueueUrl=url, Entries=[*entries, {"Id": "late", "MessageBody": "x", "DelaySeconds": 901}])
        self.assertEqual([f"e{n}" for n in range(9)], [entry["Id"] for entry in answer["Successful"]])
        self.assertEqual({32}, {len(entry["MD5OfMessageAttributes"]) for entry in answer["Successful"]})
        failed = [(entry["Id"], entry["Code"], entry["SenderFault"]) for entry in answer["Failed"]]
        self.assertEqual([("late", "InvalidParameterValue", True)], failed)
        messages = self.receive(url, MaxNumberOfMessages=10, **ALL)
        self.assertEqual({str(n) for n in range(9)}, {message["Body"] for message in messages})
        handles = [{"Id": f"d{n}", "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
        kept = sqs.change_message_visibility_batch(
            QueueUrl=url, Entries=[{**handle, "VisibilityTimeout": 60} for handle in handles])
        self.assertEqual(9, len(kept["Successful"]))
        gone = sqs.delete_message_batch(QueueUrl=url, Entries=[*handles, {"Id": "bad", "ReceiptHandle": "none"}])
        self.assertEqual(9, len(gone["Successful"]))
        self.assertEqual([("bad", "ReceiptHandleIsInvalid")], [(e["Id"], e["Code"]) for e in gone["Failed"]])

    def test_fifo_queues_have_sequence_numbers(self):
        url = self.queue(fifo=True, ContentBasedDeduplication="true")
        first = sqs.send_message(QueueUrl=url, MessageBody="a", MessageGroupId="g")
        second = sqs.send_message(QueueUrl=url, MessageBody="b", MessageGroupId="g")
        again = sqs.send_message(QueueUrl=url, MessageBody="a", MessageGroupId="g")
        self.assertLess(int(first["SequenceNumber"]), int(second["SequenceNumber"]))
        self.assertEqual(first["SequenceNumber"], again["SequenceNumber"])
        messages = self.receive(url, MaxNumberOfMessages=10, **ALL)
        self.assertEqual(["a", "b"], [message["Body"] for message in messages])
        self.assertEqual("g", messages[0]["Attributes"]["MessageGroupId"])


class DeadLetters(QueryTest):
    def test_dead_letters_and_their_move_tasks(self):
        dead = self.queue()
        policy = json.dumps({"deadLetterTargetArn": self.arn(dead), "maxReceiveCount": 1})
        url = self.queue(RedrivePolicy=policy, VisibilityTimeout="0")
        self.assertEqual([url], sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"])
        sqs.send_message(QueueUrl=url, MessageBody="poison")
        self.receive(url)
        self.assertNotIn("Messages", sqs.receive_message(QueueUrl=url))
        handle = sqs.start_message_move_task(SourceArn=self.arn(dead), MaxNumberOfMessagesPerSecond=5)["TaskHandle"]
        self.assertTrue(handle)
        self.assertEqual("poison", self.receive(url)[0]["Body"])
        tasks = sqs.list_message_move_tasks(SourceArn=self.arn(dead), MaxResults=3)["Results"]
        self.assertEqual((1, self.arn(dead)), (len(tasks), tasks[0]["SourceArn"]))
        self.assertIsInstance(tasks[0]["ApproximateNumberOfMessagesMoved"], int)
        # By now the task has ended, or it is told to: both are answers.
        try:
            self.assertIn("ApproximateNumberOfMessagesMoved", sqs.cancel_message_move_task(TaskHandle=handle))
        except sqs.exceptions.ResourceNotFoundException as error:
            self.assertEqual(404, error.response["ResponseMetadata"]["HTTPStatusCode"])


class Errors(QueryTest):
    def test_a_queue_that_is_not_there(self):
        words = "The specified queue does not exist for this wsdl version."
        code = "AWS.SimpleQueueService.NonExistentQueue"
        self.assertEqual(words, self.assert_error(code, sqs.get_queue_url, QueueName=name("none")))
        with self.assertRaises(sqs.exceptions.QueueDoesNotExist):
            sqs.get_queue_url(QueueName=name("none"))
        url = self.queue() + "-none"
        self.assertEqual(words, self.assert_error(code, sqs.send_message, QueueUrl=url, MessageBody="x"))

    def test_errors_have_the_codes_of_the_query_protocol(self):
        url = self.queue()
        two = [{"Id": "a", "MessageBody": "x"}, {"Id": "a", "MessageBody": "y"}]
        many = [{"Id": f"e{n}", "MessageBody": "x"} for n in range(11)]
        for code, call, options in (
            ("InvalidParameterValue", sqs.receive_message, {"QueueUrl": url, "MaxNumberOfMessages": 11}),
            ("MissingParameter", sqs.send_message, {"QueueUrl": url, "MessageBody": ""}),
            ("InvalidMessageContents", sqs.send_message, {"QueueUrl": url, "MessageBody": "bell \x07"}),
            ("ReceiptHandleIsInvalid", sqs.delete_message, {"QueueUrl": url, "ReceiptHandle": "none"}),
            ("InvalidAttributeName", sqs.get_queue_attributes, {"QueueUrl": url, "AttributeNames": ["None"]}),
            ("InvalidAttributeValue", sqs.set_queue_attributes, {"QueueUrl": url, "Attributes": {"DelaySeconds": "x"}}),
            ("AWS.SimpleQueueService.EmptyBatchRequest", sqs.send_message_batch, {"QueueUrl": url, "Entries": []}),
            ("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", sqs.send_message_batch, {"QueueUrl": url, "Entries": two}),
            ("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", sqs.send_message_batch, {"QueueUrl": url, "Entries": many}),
            ("QueueAlreadyExists", sqs.create_queue,
             {"QueueName": url.rsplit("/", 1)[1], "Attributes": {"DelaySeconds": "9"}}),
            ("ResourceNotFoundException", sqs.start_message_move_task, {"SourceArn": self.arn(url) + "-none"}),
        ):
            with self.subTest(code):
                self.assertTrue(self.assert_error(code, call, **options))


class Plain(QueryTest):
    """Without an SDK: unsigned, in the query string, at the queue's own address."""

    def get(self, url):
        with urllib.request.urlopen(url, timeout=10) as answer:
            return xml.fromstring(answer.read())

    def test_a_get_at_the_queue_s_address(self):
        url = self.queue()
        sent = self.get(f"{url}?Action=SendMessage&MessageBody=a%20%2B+b&Version=2012-11-05")
        self.assertEqual(f"{NAMESPACE}SendMessageResponse", sent.tag)
        self.assertTrue(sent.findtext(f"{NAMESPACE}ResponseMetadata/{NAMESPACE}RequestId"))
        got = self.get(f"{url}?Action=ReceiveMessage&AttributeName=All")
        message = got.find(f"{NAMESPACE}ReceiveMessageResult/{NAMESPACE}Message")
        self.assertEqual("a + b", message.findtext(f"{NAMESPACE}Body"))

    def test_what_is_no_action_is_told(self):
        url = self.queue()
        for action in ("Sing", "CreateQueue", "ListQueues"):
            with self.subTest(action), self.assertRaises(urllib.error.HTTPError) as caught:
                self.get(f"{url}?Action={action}&QueueName=new")
            with caught.exception as error:
                code = xml.fromstring(error.read()).findtext(f"{NAMESPACE}Error/{NAMESPACE}Code")
            self.assertEqual((400, "InvalidAction"), (error.code, code))
        with self.assertRaises(urllib.error.HTTPError) as caught:
            self.get(url)
        with caught.exception as error:
            self.assertEqual((404, "UnknownOperationException"), (error.code, xml.fromstring(error.read()).tag))
