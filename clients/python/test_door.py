# The door itself through boto3 and plain HTTP: identity, what is not served, what is no request.

import http.client
import json
import os
from urllib.parse import urlsplit

import boto3
from door import DoorTest, account, events, sts

JSON_1_1 = "application/x-amz-json-1.1"


def call(target, body, content_type=JSON_1_1):
    """One POST by hand: status, error type without its namespace, message."""
    connection = http.client.HTTPConnection(urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc, timeout=30)
    headers = {"Content-Type": content_type, "X-Amz-Target": target}
    try:
        connection.request("POST", "/", body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    parsed = json.loads(text) if text.startswith(b"{") else {}
    kind = parsed.get("__type", "").rsplit("#", 1)[-1]
    return answer.status, kind, parsed.get("message") or parsed.get("Message")


class Identity(DoorTest):
    def test_the_caller_has_an_account(self):
        identity = sts.get_caller_identity()
        self.assertRegex(identity["Account"], r"^\d{12}$")
        self.assertIn(identity["Account"], identity["Arn"])
        self.assertTrue(identity["UserId"])


class NotServed(DoorTest):
    def test_what_is_not_served_is_named(self):
        calls = {
            "ListEndpoints": lambda: events.list_endpoints(NamePrefix="a"),
            "DeleteEndpoint": lambda: events.delete_endpoint(Name="a"),
            "DescribeParameters": boto3.client("ssm").describe_parameters,
            "ListSecrets": boto3.client("secretsmanager").list_secrets,
        }
        for operation, request in calls.items():
            with self.subTest(operation):
                self.assertIn(operation, self.assert_error("UnknownOperationException", request))

    def test_an_operation_of_the_query_protocol_that_is_not_served_is_named(self):
        message = self.assert_error(("UnknownOperationException", "InvalidAction"), sts.get_session_token)
        self.assertIn("GetSessionToken", message)

    def test_an_operation_that_aws_does_not_have_is_named(self):
        status, kind, message = call("AWSEvents.MakeCoffee", "{}")
        self.assertEqual((400, "UnknownOperationException"), (status, kind))
        self.assertIn("MakeCoffee", message)


class BadRequests(DoorTest):
    def test_what_is_no_json_is_said_to_be_none(self):
        for body in ("{", "", "[]", '"x"', '{"Entries": [}', "\xff"):
            with self.subTest(body):
                status, kind, message = call("AWSEvents.PutEvents", body.encode("latin-1"))
                self.assertEqual((400, True), (status, kind in ("SerializationException", "ValidationException")), kind)
                self.assertTrue(message)

    def test_a_field_of_the_wrong_type_is_an_error(self):
        for body in ({"Entries": "none"}, {"Entries": [1]}, {"Entries": [{"Source": 5}]}):
            with self.subTest(body):
                status, kind, _ = call("AWSEvents.PutEvents", json.dumps(body))
                self.assertEqual((400, True), (status, kind in ("SerializationException", "ValidationException")), kind)

    def test_a_missing_field_is_named(self):
        status, kind, message = call("AWSEvents.PutRule", "{}")
        self.assertEqual((400, "ValidationException"), (status, kind))
        self.assertIn("name", message)

    def test_a_body_without_end_is_refused(self):
        # The door may answer and close before all of it is sent.
        try:
            status, _, _ = call("AWSEvents.PutEvents", b" " * (20 << 20))
        except (BrokenPipeError, ConnectionResetError):
            status = 413
        self.assertIn(status, (400, 413))

    def test_the_door_still_answers(self):
        self.assertEqual(account(), sts.get_caller_identity()["Account"])
