# SQS through boto3: queues, messages and their errors. boto3 itself compares the MD5 digests of every answer.

import hashlib
import json

from door import REGION, DoorTest, account, name, sqs

NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"


class Queues(DoorTest):
    def test_a_queue_is_created_found_listed_and_deleted(self):
        queue = name("queue")
        url = sqs.create_queue(QueueName=queue)["QueueUrl"]
        self.assertTrue(url.endswith(f"/{account()}/{queue}"), url)
        self.assertEqual(url, sqs.get_queue_url(QueueName=queue)["QueueUrl"])
        self.assertEqual(f"arn:aws:sqs:{REGION}:{account()}:{queue}", self.queue_arn(url))
        self.assertEqual([url], sqs.list_queues(QueueNamePrefix=queue)["QueueUrls"])
        sqs.delete_queue(QueueUrl=url)
        with self.assertRaises(sqs.exceptions.QueueDoesNotExist):
            sqs.get_queue_url(QueueName=queue)
        self.assertNotIn("QueueUrls", sqs.list_queues(QueueNamePrefix=queue))

    def test_every_operation_names_a_queue_that_is_not_there(self):
        url = self.queue().rsplit("/", 1)[0] + "/" + name("none")
        entry = {"Id": "a", "ReceiptHandle": "x"}
        for call, options in (
            (sqs.send_message, {"MessageBody": "x"}),
            (sqs.send_message_batch, {"Entries": [{"Id": "a", "MessageBody": "x"}]}),
            (sqs.receive_message, {}),
            (sqs.delete_message, {"ReceiptHandle": "x"}),
            (sqs.delete_message_batch, {"Entries": [entry]}),
            (sqs.change_message_visibility, {"ReceiptHandle": "x", "VisibilityTimeout": 1}),
            (sqs.get_queue_attributes, {"AttributeNames": ["All"]}),
            (sqs.set_queue_attributes, {"Attributes": {"DelaySeconds": "1"}}),
            (sqs.purge_queue, {}),
            (sqs.delete_queue, {}),
        ):
            with self.subTest(call.__name__):
                message = self.assert_error(NO_QUEUE, call, QueueUrl=url, **options)
                self.assertTrue(message.startswith("The specified queue does not exist"), message)
                with self.assertRaises(sqs.exceptions.QueueDoesNotExist):
                    call(QueueUrl=url, **options)

    def test_creating_twice_is_fine_only_with_the_same_attributes(self):
        queue = name("queue")
        url = sqs.create_queue(QueueName=queue, Attributes={"VisibilityTimeout": "7"})["QueueUrl"]
        self.addCleanup(sqs.delete_queue, QueueUrl=url)
        self.assertEqual(url, sqs.create_queue(QueueName=queue, Attributes={"VisibilityTimeout": "7"})["QueueUrl"])
        with self.assertRaises(sqs.exceptions.QueueNameExists) as caught:
            sqs.create_queue(QueueName=queue, Attributes={"VisibilityTimeout": "8"})
        words = "A queue already exists with the same name and a different value for attribute VisibilityTimeout"
        self.assertEqual(words, caught.exception.response["Error"]["Message"])

    def test_bad_names_and_attributes_are_refused(self):
        for queue in ("no spaces", "x" * 81, "semi;colon"):
            with self.subTest(queue):
                self.assert_error("InvalidParameterValue", sqs.create_queue, QueueName=queue)
        for attributes in ({"VisibilityTimeout": "43201"}, {"DelaySeconds": "-1"}, {"DelaySeconds": "soon"}):
            with self.subTest(attributes), self.assertRaises(sqs.exceptions.InvalidAttributeValue):
                sqs.create_queue(QueueName=name("queue"), Attributes=attributes)
        with self.assertRaises(sqs.exceptions.InvalidAttributeName):
            sqs.create_queue(QueueName=name("queue"), Attributes={"NoSuchAttribute": "1"})

    def test_attributes_have_their_defaults_and_can_be_set(self):
        url = self.queue()
        wanted = {
            "VisibilityTimeout": "30",
            "DelaySeconds": "0",
            "MaximumMessageSize": "1048576",
            "MessageRetentionPeriod": "345600",
            "ReceiveMessageWaitTimeSeconds": "0",
            "ApproximateNumberOfMessages": "0",
        }
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual(wanted, {key: found.get(key) for key in wanted})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5", "DelaySeconds": "1"})
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout", "DelaySeconds"])
        self.assertEqual({"VisibilityTimeout": "5", "DelaySeconds": "1"}, found["Attributes"])
        with self.assertRaises(sqs.exceptions.InvalidAttributeName):
            sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["NoSuchAttribute"])
        with self.assertRaises(sqs.exceptions.InvalidAttributeValue):
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "901"})

    def test_queues_come_in_pages(self):
        prefix = name("paged")
        urls = [sqs.create_queue(QueueName=f"{prefix}-{n}")["QueueUrl"] for n in range(5)]
        for url in urls:
            self.addCleanup(sqs.delete_queue, QueueUrl=url)
        found, token = [], {}
        for size in (2, 2, 1):
            page = sqs.list_queues(QueueNamePrefix=prefix, MaxResults=2, **token)
            self.assertEqual(size, len(page["QueueUrls"]))
            found += page["QueueUrls"]
            token = {"NextToken": page.get("NextToken")}
        self.assertEqual((urls, {"NextToken": None}), (sorted(found), token))

    def test_purging_empties_a_queue_once_a_minute(self):
        url = self.queue()
        for n in range(3):
            sqs.send_message(QueueUrl=url, MessageBody=str(n))
        sqs.purge_queue(QueueUrl=url)
        self.assert_empty(url)
        with self.assertRaises(sqs.exceptions.PurgeQueueInProgress):
            sqs.purge_queue(QueueUrl=url)

    def test_the_counts_follow_the_messages(self):
        url = self.queue()
        for n in range(3):
            sqs.send_message(QueueUrl=url, MessageBody=str(n))
        sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=900)
        self.receive(url, 1)
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        kinds = ("", "NotVisible", "Delayed")
        self.assertEqual(["2", "1", "1"], [found[f"ApproximateNumberOfMessages{kind}"] for kind in kinds])


class Messages(DoorTest):
    def test_a_message_is_sent_received_and_deleted(self):
        url = self.queue()
        body = 'Grüße, 世界 🎉\n\t"<&>"'
        sent = sqs.send_message(QueueUrl=url, MessageBody=body)
        self.assertEqual(hashlib.md5(body.encode()).hexdigest(), sent["MD5OfMessageBody"])
        message = self.receive(url, MessageSystemAttributeNames=["All"])[0]
        self.assertEqual((sent["MessageId"], body), (message["MessageId"], message["Body"]))
        self.assertEqual(sent["MD5OfMessageBody"], message["MD5OfBody"])
        system = message["Attributes"]
        self.assertEqual("1", system["ApproximateReceiveCount"])
        self.assertLessEqual(int(system["SentTimestamp"]), int(system["ApproximateFirstReceiveTimestamp"]))
        self.assertTrue(system["SenderId"])
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        # Deleting again with the same handle is no error.
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual(["0", "0"], [found[f"ApproximateNumberOfMessages{kind}"] for kind in ("", "NotVisible")])

    def test_attributes_travel_and_are_chosen_by_name(self):
        url = self.queue()
        attributes = {
            "conversation.id": {"DataType": "String", "StringValue": "c-1"},
            "conversation.ms": {"DataType": "Number.int", "StringValue": "120000"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff\x01"},
        }
        sent = sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=attributes)
        self.assertIn("MD5OfMessageAttributes", sent)
        message = self.receive(url, MessageAttributeNames=["All"], VisibilityTimeout=0)[0]
        self.assertEqual(attributes, message["MessageAttributes"])
        self.assertEqual(sent["MD5OfMessageAttributes"], message["MD5OfMessageAttributes"])
        message = self.receive(url, MessageAttributeNames=["conversation.*"], VisibilityTimeout=0)[0]
        self.assertEqual({"conversation.id", "conversation.ms"}, set(message["MessageAttributes"]))
        message = self.receive(url, MessageAttributeNames=["raw"], VisibilityTimeout=0)[0]
        self.assertEqual({"raw"}, set(message["MessageAttributes"]))
        self.assertNotIn("MessageAttributes", self.receive(url)[0])

    def test_bad_messages_are_refused(self):
        url = self.queue()
        with self.assertRaises(sqs.exceptions.InvalidMessageContents):
            sqs.send_message(QueueUrl=url, MessageBody="bell \x07")
        self.assert_error("MissingParameter", sqs.send_message, QueueUrl=url, MessageBody="")
        for options in ({"DelaySeconds": 901}, {"MessageBody": "x" * ((1 << 20) + 1)}):
            with self.subTest(list(options)):
                options = {"MessageBody": "x", **options}
                self.assert_error("InvalidParameterValue", sqs.send_message, QueueUrl=url, **options)
        for attribute in ({"DataType": "Strange", "StringValue": "x"}, {"DataType": "Number", "StringValue": "many"}):
            with self.subTest(attribute):
                self.assert_error(
                    "InvalidParameterValue",
                    sqs.send_message,
                    QueueUrl=url,
                    MessageBody="x",
                    MessageAttributes={"a": attribute},
                )
        self.assert_empty(url)

    def test_a_message_of_one_megabyte_is_carried(self):
        url = self.queue()
        body = "é" * (1 << 19)
        sqs.send_message(QueueUrl=url, MessageBody=body)
        self.assertEqual(body, self.receive(url)[0]["Body"])

    def test_bad_receives_are_refused(self):
        url = self.queue()
        words = "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
        options = {"QueueUrl": url, "MaxNumberOfMessages": 11}
        self.assertEqual(words, self.assert_error("InvalidParameterValue", sqs.receive_message, **options))
        for options in (
            {"MaxNumberOfMessages": 0},
            {"WaitTimeSeconds": 21},
            {"VisibilityTimeout": 43201},
        ):
            with self.subTest(options):
                message = self.assert_error("InvalidParameterValue", sqs.receive_message, QueueUrl=url, **options)
                self.assertIn(next(iter(options)), message)

    def test_a_receipt_handle_must_be_one(self):
        url = self.queue()
        with self.assertRaises(sqs.exceptions.ReceiptHandleIsInvalid):
            sqs.delete_message(QueueUrl=url, ReceiptHandle="no handle")
        with self.assertRaises(sqs.exceptions.ReceiptHandleIsInvalid):
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle="no handle", VisibilityTimeout=1)

    def test_ten_messages_come_in_one_receive(self):
        url = self.queue()
        for n in range(12):
            sqs.send_message(QueueUrl=url, MessageBody=str(n))
        first = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        rest = self.receive(url, 12 - len(first))
        bodies = sorted(int(message["Body"]) for message in first + rest)
        self.assertEqual(list(range(12)), bodies)


class Batches(DoorTest):
    def test_a_batch_is_sent_and_deleted(self):
        url = self.queue()
        entries = [{"Id": f"e{n}", "MessageBody": str(n)} for n in range(10)]
        sent = sqs.send_message_batch(QueueUrl=url, Entries=entries)
        self.assertEqual([f"e{n}" for n in range(10)], [entry["Id"] for entry in sent["Successful"]])
        messages = self.receive(url, 10)
        handles = [{"Id": f"d{n}", "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
        answer = sqs.delete_message_batch(QueueUrl=url, Entries=handles)
        self.assertEqual((10, []), (len(answer["Successful"]), answer.get("Failed", [])))

    def test_one_bad_entry_fails_alone(self):
        url = self.queue()
        entries = [
            {"Id": "good", "MessageBody": "x"},
            {"Id": "late", "MessageBody": "x", "DelaySeconds": 901},
            {"Id": "bell", "MessageBody": "\x07"},
        ]
        answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
        self.assertEqual(["good"], [entry["Id"] for entry in answer["Successful"]])
        failed = {entry["Id"]: (entry["Code"], entry["SenderFault"]) for entry in answer["Failed"]}
        wanted = {"late": ("InvalidParameterValue", True), "bell": ("InvalidMessageContents", True)}
        self.assertEqual(wanted, failed)
        message = self.receive(url)[0]
        entries = [{"Id": "good", "ReceiptHandle": message["ReceiptHandle"]}, {"Id": "bad", "ReceiptHandle": "none"}]
        answer = sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        self.assertEqual(["good"], [entry["Id"] for entry in answer["Successful"]])
        failed = [(entry["Id"], entry["Code"], entry["SenderFault"]) for entry in answer["Failed"]]
        self.assertEqual([("bad", "ReceiptHandleIsInvalid", True)], failed)

    def test_a_batch_has_rules_of_its_own(self):
        url = self.queue()
        big = "x" * (600 << 10)
        bad = {
            "EmptyBatchRequest": [],
            "TooManyEntriesInBatchRequest": [(f"e{n}", "x") for n in range(11)],
            "BatchEntryIdsNotDistinct": [("a", "x"), ("a", "y")],
            "InvalidBatchEntryId": [("no spaces", "x")],
            "BatchRequestTooLong": [("a", big), ("b", big)],
        }
        for code, pairs in bad.items():
            entries = [{"Id": entry_id, "MessageBody": body} for entry_id, body in pairs]
            with self.subTest(code):
                query_code = f"AWS.SimpleQueueService.{code}"
                self.assert_error(query_code, sqs.send_message_batch, QueueUrl=url, Entries=entries)
                with self.assertRaises(getattr(sqs.exceptions, code)):
                    sqs.send_message_batch(QueueUrl=url, Entries=entries)
        for code in ("EmptyBatchRequest", "TooManyEntriesInBatchRequest", "BatchEntryIdsNotDistinct"):
            entries = [{"Id": entry_id, "ReceiptHandle": "x"} for entry_id, _ in bad[code]]
            with self.subTest(f"delete {code}"), self.assertRaises(getattr(sqs.exceptions, code)):
                sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        self.assert_empty(url)


class Redrive(DoorTest):
    def test_a_poison_message_ends_in_the_dead_letter_queue(self):
        dead = self.queue("dead")
        policy = {"deadLetterTargetArn": self.queue_arn(dead), "maxReceiveCount": 2}
        url = self.queue(RedrivePolicy=policy)
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
        self.assertEqual(policy, {**json.loads(found["RedrivePolicy"]), "maxReceiveCount": 2})
        attributes = {"why": {"DataType": "String", "StringValue": "kept"}}
        sent = sqs.send_message(QueueUrl=url, MessageBody="poison", MessageAttributes=attributes)
        for count in ("1", "2"):
            message = self.receive(url, VisibilityTimeout=0, MessageSystemAttributeNames=["ApproximateReceiveCount"])[0]
            self.assertEqual(count, message["Attributes"]["ApproximateReceiveCount"])
        self.assert_empty(url)
        options = {"MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"]}
        message = self.receive(dead, **options)[0]
        self.assertEqual((sent["MessageId"], "poison"), (message["MessageId"], message["Body"]))
        self.assertEqual(attributes, message["MessageAttributes"])
        self.assertEqual(self.queue_arn(url), message["Attributes"]["DeadLetterQueueSourceArn"])

    def test_a_redrive_policy_must_make_sense(self):
        arn = self.queue_arn(self.queue())
        bad = [
            "{",
            json.dumps({"deadLetterTargetArn": arn}),
            json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 0}),
            json.dumps({"deadLetterTargetArn": arn + "-none", "maxReceiveCount": 1}),
            json.dumps({"deadLetterTargetArn": "queue", "maxReceiveCount": 1}),
        ]
        for policy in bad:
            with self.subTest(policy):
                self.assert_error(
                    ("InvalidParameterValue", "InvalidAttributeValue", "AWS.SimpleQueueService.NonExistentQueue"),
                    sqs.create_queue,
                    QueueName=name("queue"),
                    Attributes={"RedrivePolicy": policy},
                )
