# FIFO queues through boto3 (contract C5): order within a group, one receiver a group, deduplication, redrive, move tasks.

import time

from door import DoorTest, name, sqs

SHOWN = {"MessageSystemAttributeNames": ["All"]}


class FifoTest(DoorTest):
    def fifo(self, prefix="fifo", **attributes):
        """A new FIFO queue, gone after the test."""
        texts = {"FifoQueue": "true", **attributes}
        url = sqs.create_queue(QueueName=name(prefix) + ".fifo", Attributes=texts)["QueueUrl"]
        self.addCleanup(sqs.delete_queue, QueueUrl=url)
        return url

    def send(self, url, group, body, **options):
        options.setdefault("MessageDeduplicationId", f"{group}-{body}")
        return sqs.send_message(QueueUrl=url, MessageGroupId=group, MessageBody=str(body), **options)

    def take(self, url, count=10, **options):
        """One receive: bodies by group in the order in which they came, and the messages."""
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=count, **SHOWN, **options)
        messages = answer.get("Messages", [])
        return [(m["Attributes"]["MessageGroupId"], m["Body"]) for m in messages], messages

    def delete(self, url, messages):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


class Order(FifoTest):
    def test_a_group_comes_out_as_it_went_in(self):
        url = self.fifo()
        for n in range(12):
            self.send(url, "abc"[n % 3], n)
        seen = {"a": [], "b": [], "c": []}
        while sum(map(len, seen.values())) < 12:
            taken, messages = self.take(url, 4, WaitTimeSeconds=2)
            self.assertTrue(taken, seen)
            for group, body in taken:
                seen[group].append(int(body))
            self.delete(url, messages)
        self.assertEqual({"a": [0, 3, 6, 9], "b": [1, 4, 7, 10], "c": [2, 5, 8, 11]}, seen)

    def test_a_group_in_flight_gives_nothing_more_and_holds_up_nobody(self):
        url = self.fifo()
        for group, body in (("a", 1), ("a", 2), ("b", 3)):
            self.send(url, group, body)
        first, messages = self.take(url, 1)
        self.assertEqual([("a", "1")], first)
        self.assertEqual([("b", "3")], self.take(url)[0])
        self.assertEqual([], self.take(url)[0])
        self.delete(url, messages)
        self.assertEqual([("a", "2")], self.take(url)[0])

    def test_what_is_given_back_comes_before_what_follows_it(self):
        url = self.fifo()
        for body in (1, 2, 3):
            self.send(url, "a", body)
        taken, messages = self.take(url, 2)
        self.assertEqual([("a", "1"), ("a", "2")], taken)
        for message in reversed(messages):
            sqs.change_message_visibility(
                QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
        self.assertEqual([("a", "1"), ("a", "2"), ("a", "3")], self.take(url)[0])

    def test_a_batch_keeps_its_order(self):
        url = self.fifo(ContentBasedDeduplication="true")
        entries = [{"Id": f"e{n}", "MessageBody": str(n), "MessageGroupId": "a"} for n in range(10)]
        sent = sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]
        numbers = [int(entry["SequenceNumber"]) for entry in sent]
        self.assertEqual(sorted(set(numbers)), numbers)
        taken, messages = self.take(url)
        self.assertEqual([("a", str(n)) for n in range(10)], taken)
        self.assertEqual(numbers, [int(m["Attributes"]["SequenceNumber"]) for m in messages])

    def test_a_delay_is_the_queue_s_alone(self):
        url = self.fifo(DelaySeconds="1")
        self.assert_error("InvalidParameterValue", self.send, url, "a", 1, DelaySeconds=1)
        self.send(url, "a", 1)
        self.assertEqual([], self.take(url)[0])
        self.assertEqual([("a", "1")], self.take(url, WaitTimeSeconds=5)[0])


class Deduplication(FifoTest):
    def test_by_id(self):
        url = self.fifo()
        first = self.send(url, "a", "x", MessageDeduplicationId="one")
        again = self.send(url, "a", "y", MessageDeduplicationId="one")
        self.assertEqual(first["SequenceNumber"], again["SequenceNumber"])
        self.assertEqual(first["MessageId"], again["MessageId"])
        taken, messages = self.take(url)
        self.assertEqual([("a", "x")], taken)
        self.assertEqual("one", messages[0]["Attributes"]["MessageDeduplicationId"])
        self.delete(url, messages)
        # What was sent once stays sent for five minutes, deleted or not.
        self.send(url, "a", "z", MessageDeduplicationId="one")
        self.assertEqual([], self.take(url)[0])

    def test_by_content(self):
        url = self.fifo(ContentBasedDeduplication="true")
        for body in ("x", "x", "y"):
            sqs.send_message(QueueUrl=url, MessageGroupId="a", MessageBody=body)
        self.assertEqual([("a", "x"), ("a", "y")], self.take(url)[0])

    def test_an_id_is_needed_and_a_group_is(self):
        url = self.fifo()
        options = {"QueueUrl": url, "MessageBody": "x"}
        self.assert_error("InvalidParameterValue", sqs.send_message, MessageGroupId="a", **options)
        self.assert_error("MissingParameter", sqs.send_message, MessageDeduplicationId="a", **options)

    def test_high_throughput_queues_deduplicate_within_a_group(self):
        url = self.fifo(DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        wanted = {"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId", "FifoQueue": "true"}
        self.assertEqual(wanted, {key: found[key] for key in wanted})
        for group in ("a", "a", "b"):
            self.send(url, group, group, MessageDeduplicationId="same")
        self.assertEqual([("a", "a"), ("b", "b")], sorted(self.take(url)[0]))


class Names(FifoTest):
    def test_a_fifo_queue_has_its_suffix(self):
        bad = name("queue")
        self.assert_error("InvalidParameterValue", sqs.create_queue, QueueName=bad, Attributes={"FifoQueue": "true"})
        self.assert_error("InvalidParameterValue", sqs.create_queue, QueueName=bad + ".fifo")


class DeadLetters(FifoTest):
    def pair(self, **attributes):
        dead = self.fifo("dead")
        policy = f'{{"deadLetterTargetArn": "{self.queue_arn(dead)}", "maxReceiveCount": 1}}'
        return dead, self.fifo(RedrivePolicy=policy, VisibilityTimeout="0", **attributes)

    def test_a_poison_message_makes_room_for_its_group_and_keeps_its_place_among_the_dead(self):
        dead, url = self.pair()
        for body in (1, 2, 3):
            self.send(url, "a", body)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if not self.take(url)[0]:
                break
        taken, messages = self.take(dead, WaitTimeSeconds=2)
        self.assertEqual([("a", "1"), ("a", "2"), ("a", "3")], taken)
        self.assertEqual({self.queue_arn(url)}, {m["Attributes"]["DeadLetterQueueSourceArn"] for m in messages})

    def test_a_standard_queue_takes_no_fifo_messages(self):
        policy = f'{{"deadLetterTargetArn": "{self.queue_arn(self.queue())}", "maxReceiveCount": 1}}'
        attributes = {"FifoQueue": "true", "RedrivePolicy": policy}
        self.assert_error(
            "InvalidParameterValue", sqs.create_queue, QueueName=name("fifo") + ".fifo", Attributes=attributes)

    def test_a_move_task_brings_them_back_in_order(self):
        dead, url = self.pair()
        for body in (1, 2, 3):
            self.send(url, "a", body)
        while self.take(url)[0]:
            pass
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "30"})
        sqs.start_message_move_task(SourceArn=self.queue_arn(dead))
        back = []
        deadline = time.monotonic() + 15
        while len(back) < 3 and time.monotonic() < deadline:
            taken, messages = self.take(url, WaitTimeSeconds=1)
            back += taken
            self.delete(url, messages)
        self.assertEqual([("a", "1"), ("a", "2"), ("a", "3")], back)
        task = sqs.list_message_move_tasks(SourceArn=self.queue_arn(dead))["Results"][0]
        self.assertEqual(3, task["ApproximateNumberOfMessagesMoved"])
