# SQS through boto3: what a message waits for: long polling, visibility timeout, delay.

import threading
import time

from door import DoorTest, sqs


class LongPolling(DoorTest):
    def test_an_empty_queue_is_waited_for_and_no_longer(self):
        url = self.queue()
        start = time.monotonic()
        self.assertNotIn("Messages", sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2))
        waited = time.monotonic() - start
        self.assertTrue(1.9 <= waited <= 4, waited)

    def test_a_queue_can_wait_by_default(self):
        url = self.queue(ReceiveMessageWaitTimeSeconds="1")
        start = time.monotonic()
        self.assertNotIn("Messages", sqs.receive_message(QueueUrl=url))
        self.assertGreaterEqual(time.monotonic() - start, 0.9)

    def test_a_message_wakes_the_one_who_waits(self):
        url = self.queue()
        found = []

        def wait():
            answer = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
            found.append((answer.get("Messages", []), time.monotonic()))

        waiting = threading.Thread(target=wait)
        waiting.start()
        # A receive of its own, so that the other one is waiting by now.
        self.assertNotIn("Messages", sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1))
        sent = time.monotonic()
        sqs.send_message(QueueUrl=url, MessageBody="wake up")
        waiting.join(timeout=21)
        [(messages, came)] = found
        self.assertEqual(["wake up"], [message["Body"] for message in messages])
        self.assertLess(came - sent, 2)


class Visibility(DoorTest):
    def test_a_message_in_flight_is_hidden_and_comes_back(self):
        url = self.queue(VisibilityTimeout="1")
        sqs.send_message(QueueUrl=url, MessageBody="x")
        start = time.monotonic()
        first = self.receive(url, MessageSystemAttributeNames=["ApproximateReceiveCount"])[0]
        self.assert_empty(url)
        again = self.receive(url, MessageSystemAttributeNames=["ApproximateReceiveCount"])[0]
        self.assertGreaterEqual(time.monotonic() - start, 0.9)
        self.assertEqual(first["MessageId"], again["MessageId"])
        self.assertNotEqual(first["ReceiptHandle"], again["ReceiptHandle"])
        self.assertEqual("2", again["Attributes"]["ApproximateReceiveCount"])

    def test_the_timeout_of_one_receive_overrides_the_queue(self):
        url = self.queue()
        sqs.send_message(QueueUrl=url, MessageBody="x")
        self.receive(url, VisibilityTimeout=1)
        self.receive(url, within_s=5)

    def test_a_message_can_be_given_back_or_kept_longer(self):
        url = self.queue()
        sqs.send_message(QueueUrl=url, MessageBody="x")
        handle = self.receive(url)[0]["ReceiptHandle"]
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
        handle = self.receive(url, VisibilityTimeout=1)[0]["ReceiptHandle"]
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=600)
        self.assertNotIn("Messages", sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2))
        sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)

    def test_a_visibility_timeout_has_its_range(self):
        url = self.queue()
        sqs.send_message(QueueUrl=url, MessageBody="x")
        handle = self.receive(url)[0]["ReceiptHandle"]
        for seconds in (-1, 43201):
            with self.subTest(seconds):
                self.assert_error(
                    "InvalidParameterValue",
                    sqs.change_message_visibility,
                    QueueUrl=url,
                    ReceiptHandle=handle,
                    VisibilityTimeout=seconds,
                )

    def test_the_visibility_of_a_deleted_message_cannot_change(self):
        url = self.queue()
        sqs.send_message(QueueUrl=url, MessageBody="x")
        handle = self.receive(url)[0]["ReceiptHandle"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
        self.assert_error(
            ("AWS.SimpleQueueService.MessageNotInflight", "InvalidParameterValue"),
            sqs.change_message_visibility,
            QueueUrl=url,
            ReceiptHandle=handle,
            VisibilityTimeout=5,
        )


class Delay(DoorTest):
    def test_a_delayed_message_comes_when_its_time_has_come(self):
        url = self.queue()
        start = time.monotonic()
        sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=1)
        sqs.send_message(QueueUrl=url, MessageBody="now")
        self.assertEqual("now", self.receive(url)[0]["Body"])
        self.assert_empty(url)
        self.assertEqual("late", self.receive(url)[0]["Body"])
        self.assertGreaterEqual(time.monotonic() - start, 0.9)

    def test_a_queue_can_delay_by_default(self):
        url = self.queue(DelaySeconds="1")
        start = time.monotonic()
        sqs.send_message(QueueUrl=url, MessageBody="x")
        self.assert_empty(url)
        self.receive(url)
        self.assertGreaterEqual(time.monotonic() - start, 0.9)
