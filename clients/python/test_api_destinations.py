# EventBridge through boto3: connections, API destinations, and deliveries to an HTTP endpoint of this machine.

import base64
import json

from door import DoorTest, events, name, secretsmanager, sqs
from endpoint import Endpoint

BASIC = {"BasicAuthParameters": {"Username": "user", "Password": "hunter2"}}
API_KEY = {"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "hunter2"}}


class ApiDestinations(DoorTest):
    def endpoint(self, *answers):
        """An endpoint, closed after the test. The door must have been started with `--allow-private localhost`."""
        endpoint = Endpoint(*answers)
        self.addCleanup(endpoint.close)
        return endpoint

    def connection(self, kind, parameters):
        """A new connection, gone after the test; its name and ARN."""
        connection = name("connection")
        made = events.create_connection(Name=connection, AuthorizationType=kind, AuthParameters=parameters)
        self.addCleanup(self.gone, events.delete_connection, connection)
        return connection, made["ConnectionArn"]

    def destination(self, connection_arn, url, **options):
        """A new API destination, gone after the test; its name and ARN."""
        destination = name("destination")
        made = events.create_api_destination(
            Name=destination, ConnectionArn=connection_arn, InvocationEndpoint=url, **{"HttpMethod": "POST", **options}
        )
        self.addCleanup(self.gone, events.delete_api_destination, destination)
        return destination, made["ApiDestinationArn"]

    def gone(self, delete, what):
        try:
            delete(Name=what)
        except events.exceptions.ResourceNotFoundException:
            pass

    def calling(self, kind, parameters, url, **target):
        """A bus whose events call `url`; the bus and a queue for what cannot be delivered."""
        bus, dead = self.bus(), self.queue("dead")
        _, connection = self.connection(kind, parameters)
        _, destination = self.destination(connection, url)
        self.rule(bus, targets=[{"Id": "call", "Arn": destination, "DeadLetterConfig": {"Arn": self.queue_arn(dead)}, **target}])
        return bus, dead

    def dead_letter(self, dead):
        """The attributes of the one dead letter."""
        attributes = self.receive(dead, MessageAttributeNames=["All"])[0]["MessageAttributes"]
        return {key: value["StringValue"] for key, value in attributes.items()}

    def test_a_connection_is_made_described_changed_deauthorized_and_deleted(self):
        connection, arn = self.connection("BASIC", BASIC)
        described = events.describe_connection(Name=connection)
        self.assertEqual((arn, "AUTHORIZED"), (described["ConnectionArn"], described["ConnectionState"]))
        self.assertEqual({"BasicAuthParameters": {"Username": "user"}}, described["AuthParameters"])
        events.update_connection(Name=connection, AuthorizationType="API_KEY", AuthParameters=API_KEY, Description="changed")
        described = events.describe_connection(Name=connection)
        self.assertEqual({"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key"}}, described["AuthParameters"])
        self.assertEqual("changed", described["Description"])
        self.assertNotIn("hunter2", str(described))
        listed = events.list_connections(NamePrefix=connection, ConnectionState="AUTHORIZED")["Connections"]
        self.assertEqual([connection], [one["Name"] for one in listed])
        self.assertEqual("DEAUTHORIZING", events.deauthorize_connection(Name=connection)["ConnectionState"])
        described = events.describe_connection(Name=connection)
        self.assertEqual("DEAUTHORIZED", described["ConnectionState"])
        self.assertNotIn("AuthParameters", described)
        self.assertEqual("DELETING", events.delete_connection(Name=connection)["ConnectionState"])
        self.assert_error("ResourceNotFoundException", events.describe_connection, Name=connection)

    def test_the_secret_of_a_connection_is_described_and_kept(self):
        connection, _ = self.connection("BASIC", BASIC)
        arn = events.describe_connection(Name=connection)["SecretArn"]
        described = secretsmanager.describe_secret(SecretId=arn)
        self.assertEqual((arn, "events"), (described["ARN"], described["OwningService"]))
        self.assertEqual([["AWSCURRENT"]], list(described["VersionIdsToStages"].values()))
        self.assertEqual(arn, secretsmanager.describe_secret(SecretId=described["Name"])["ARN"])
        # The suite's door verifies nobody.
        self.assert_error("AccessDeniedException", secretsmanager.get_secret_value, SecretId=arn)
        self.assert_error("ResourceNotFoundException", secretsmanager.describe_secret, SecretId=name("none"))

    def test_an_api_destination_is_made_described_changed_and_deleted(self):
        _, connection = self.connection("API_KEY", API_KEY)
        destination, arn = self.destination(connection, "https://api.example.com/a", InvocationRateLimitPerSecond=5)
        events.update_api_destination(Name=destination, HttpMethod="PUT", Description="changed")
        described = events.describe_api_destination(Name=destination)
        members = ("ApiDestinationArn", "HttpMethod", "InvocationRateLimitPerSecond", "Description", "ApiDestinationState")
        self.assertEqual([arn, "PUT", 5, "changed", "ACTIVE"], [described[member] for member in members])
        listed = events.list_api_destinations(ConnectionArn=connection)["ApiDestinations"]
        self.assertEqual([destination], [one["Name"] for one in listed])
        wrong = {"Name": name("wrong"), "ConnectionArn": connection, "HttpMethod": "POST"}
        self.assert_error(
            "ValidationException", events.create_api_destination, InvocationEndpoint="ftp://example.com", **wrong
        )
        events.delete_api_destination(Name=destination)
        self.assert_error("ResourceNotFoundException", events.describe_api_destination, Name=destination)

    def test_an_event_calls_the_endpoint_with_path_query_headers_and_key(self):
        endpoint = self.endpoint()
        parameters = {
            **API_KEY,
            "InvocationHttpParameters": {
                "QueryStringParameters": [{"Key": "tenant", "Value": "acme", "IsValueSecret": False}],
                "BodyParameters": [{"Key": "token", "Value": "hunter3", "IsValueSecret": True}],
            },
        }
        http = {
            "PathParameterValues": ["$.detail.id"],
            "QueryStringParameters": {"n": "$.detail.n"},
            "HeaderParameters": {"x-source": "$.source"},
        }
        target = {"HttpParameters": http, "InputPath": "$.detail"}
        bus, _ = self.calling("API_KEY", parameters, f"{endpoint.url}/calls/*/end", **target)
        self.put(bus, {"id": "a b", "n": 7})
        request = endpoint.request()
        self.assertEqual(("POST", "/calls/a%20b/end?n=7&tenant=acme"), (request.method, request.path))
        shown = [request.headers[header] for header in ("x-api-key", "x-source", "User-Agent")]
        self.assertEqual(["hunter2", "genesys.cloud", "Amazon/EventBridge/ApiDestinations"], shown)
        self.assertEqual({"id": "a b", "n": 7, "token": "hunter3"}, json.loads(request.body))

    def test_a_user_and_a_password_are_sent(self):
        endpoint = self.endpoint()
        bus, _ = self.calling("BASIC", BASIC, endpoint.url)
        self.put(bus, {})
        credentials = base64.b64encode(b"user:hunter2").decode()
        self.assertEqual(f"Basic {credentials}", endpoint.request().headers["Authorization"])

    def test_a_token_is_fetched_once(self):
        tokens = self.endpoint((200, {}, {"access_token": "t-1", "token_type": "Bearer", "expires_in": 3600}))
        endpoint = self.endpoint()
        oauth = {
            "ClientParameters": {"ClientID": "client", "ClientSecret": "hunter2"},
            "AuthorizationEndpoint": f"{tokens.url}/token",
            "HttpMethod": "POST",
        }
        bus, _ = self.calling("OAUTH_CLIENT_CREDENTIALS", {"OAuthParameters": oauth}, endpoint.url)
        for n in range(3):
            self.put(bus, {"n": n})
            self.assertEqual("Bearer t-1", endpoint.request().headers["Authorization"])
        form = "grant_type=client_credentials&client_id=client&client_secret=hunter2"
        self.assertEqual(form, tokens.request().body)
        self.assertTrue(tokens.requests.empty())

    def test_an_endpoint_that_is_busy_is_called_again(self):
        endpoint = self.endpoint((429, {"Retry-After": "1"}, None), (503, {}, None), (200, {}, None))
        bus, dead = self.calling("BASIC", BASIC, endpoint.url)
        self.put(bus, {"n": 1})
        bodies = [endpoint.request().body for _ in range(3)]
        self.assertEqual(1, len(set(bodies)), bodies)
        self.assert_empty(dead)

    def test_what_cannot_be_mended_is_a_dead_letter_at_once(self):
        endpoint = self.endpoint((404, {}, None))
        bus, dead = self.calling("BASIC", BASIC, endpoint.url)
        self.put(bus, {})
        letter = self.dead_letter(dead)
        self.assertEqual(("ERROR_FROM_TARGET", "0"), (letter["ERROR_CODE"], letter["RETRY_ATTEMPTS"]))
        self.assertNotIn("hunter", letter["ERROR_MESSAGE"])

    def test_what_our_own_guard_refuses_is_held_and_not_given_up(self):
        bus, dead = self.calling("BASIC", BASIC, "https://10.255.255.1/x?key=hunter4")
        self.put(bus, {})
        # It was a dead letter within the first second.
        self.assertNotIn("Messages", sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=3))
