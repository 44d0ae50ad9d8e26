# EventBridge through boto3: events put, tried against patterns, and carried to queues.

import json
import uuid
from datetime import datetime, timezone

from door import REGION, DoorTest, account, events, name

DETAIL = '{"routing": {"queueId": "q-1", "queueName": "Support"}, "wrapUpCode": "résolu", "duration": 120000.50}'

# Partner events cannot be put by customers; their detail travels on a custom bus the same way.
GENESYS_DETAIL_TYPE = "v2.detail.events.conversation.{id}.customer.end"


class PutEvents(DoorTest):
    def test_an_event_arrives_in_its_envelope(self):
        url = self.queue()
        bus = self.bus()
        self.rule(bus, targets=[{"Id": "a", "Arn": self.queue_arn(url)}])
        before = datetime.now(timezone.utc).replace(microsecond=0)
        event_id = self.put(bus, DETAIL, Resources=["arn:aws:x:::y"], Time="2026-01-02T03:04:05Z")
        later_id = self.put(bus, DETAIL)
        events_by_id = {event["id"]: event for event in map(self.event, self.receive(url, 2))}
        self.assertEqual({event_id, later_id}, set(events_by_id))
        event = events_by_id[event_id]
        keys = ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]
        self.assertEqual(keys, list(event))
        self.assertEqual(("0", "conversation.end", "genesys.cloud"), (event["version"], event["detail-type"], event["source"]))
        self.assertEqual((account(), REGION), (event["account"], event["region"]))
        self.assertEqual(("2026-01-02T03:04:05Z", ["arn:aws:x:::y"]), (event["time"], event["resources"]))
        self.assertEqual(json.loads(DETAIL), event["detail"])
        uuid.UUID(event["id"])
        stamped = datetime.strptime(events_by_id[later_id]["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        self.assertLessEqual(before, stamped)
        self.assertEqual([], events_by_id[later_id]["resources"])

    def event(self, message):
        return json.loads(message["Body"])

    def test_the_detail_is_not_touched(self):
        url = self.queue()
        bus = self.bus()
        self.rule(bus, targets=[{"Id": "a", "Arn": self.queue_arn(url)}])
        # A number that a double cannot hold, escapes, an unusual order, an empty key.
        detail = '{"z":12345678901234567890123,"a":1.10,"é":"\\u00e9 \\ud83d\\ude00","":null,"n":{"b":[],"a":{}}}'
        self.put(bus, detail, detail_type=GENESYS_DETAIL_TYPE)
        body = self.receive(url)[0]["Body"]
        self.assertIn(detail, body.replace('": ', '":'))
        self.assertEqual(GENESYS_DETAIL_TYPE, json.loads(body)["detail-type"])

    def test_only_what_matches_is_carried(self):
        url = self.queue()
        bus = self.bus()
        pattern = {"detail-type": ["conversation.end"], "detail": {"routing": {"queueId": ["q-1"]}}}
        self.rule(bus, pattern, targets=[{"Id": "a", "Arn": self.queue_arn(url)}])
        self.put(bus, {"routing": {"queueId": "q-2"}})
        self.put(bus, {"routing": {"queueId": "q-1"}}, detail_type="conversation.start")
        wanted = self.put(bus, {"routing": {"queueId": "q-1"}})
        self.assertEqual(wanted, self.event(self.receive(url)[0])["id"])
        self.assert_empty(url)

    def test_a_disabled_rule_carries_nothing(self):
        url = self.queue()
        bus = self.bus()
        rule = self.rule(bus, targets=[{"Id": "a", "Arn": self.queue_arn(url)}])
        events.disable_rule(Name=rule, EventBusName=bus)
        self.put(bus, {"n": 1})
        events.enable_rule(Name=rule, EventBusName=bus)
        self.put(bus, {"n": 2})
        self.assertEqual({"n": 2}, self.event(self.receive(url)[0])["detail"])
        self.assert_empty(url)

    def test_one_event_reaches_every_rule_that_matches(self):
        first, second = self.queue(), self.queue()
        bus = self.bus()
        self.rule(bus, targets=[{"Id": "a", "Arn": self.queue_arn(first)}])
        self.rule(bus, {"detail": {"n": [{"numeric": [">", 1]}]}}, targets=[{"Id": "b", "Arn": self.queue_arn(second)}])
        event_id = self.put(bus, {"n": 2})
        for url in (first, second):
            self.assertEqual(event_id, self.event(self.receive(url)[0])["id"])

    def test_a_bus_may_be_named_by_its_arn(self):
        url = self.queue()
        bus = self.bus()
        self.rule(bus, targets=[{"Id": "a", "Arn": self.queue_arn(url)}])
        event_id = self.put(events.describe_event_bus(Name=bus)["Arn"], {})
        self.assertEqual(event_id, self.event(self.receive(url)[0])["id"])

    def test_each_entry_answers_for_itself(self):
        good = {"Source": "s", "DetailType": "t", "Detail": "{}"}
        missing = ["Detail", "DetailType", "Source"]
        entries = [
            good,
            {**good, "Detail": "{"},
            {**good, "Detail": "[1]"},
            *[{key: text for key, text in good.items() if key != field} for field in missing],
            {**good, "Source": "aws.mine"},
            good,
        ]
        answer = events.put_events(Entries=entries)
        codes = [entry.get("ErrorCode") for entry in answer["Entries"]]
        wanted = [None, "MalformedDetail", "MalformedDetail", *["InvalidArgument"] * 3, "NotAuthorizedForSource", None]
        codes = ["NotAuthorizedForSource" if str(code).startswith("NotAuthorizedForSource") else code for code in codes]
        self.assertEqual((wanted, 6), (codes, answer["FailedEntryCount"]))
        words = [entry.get("ErrorMessage") for entry in answer["Entries"]]
        required = [f"Parameter {field} is not valid. Reason: {field} is a required argument." for field in missing]
        self.assertEqual(["Detail is malformed.", "Detail is malformed.", *required], words[1:6])
        for entry in answer["Entries"]:
            self.assertEqual("ErrorCode" not in entry, "EventId" in entry)
            self.assertEqual("ErrorCode" in entry, "ErrorMessage" in entry)

    def test_a_call_holds_one_to_ten_entries(self):
        good = {"Source": "s", "DetailType": "t", "Detail": "{}"}
        message = self.assert_error("ValidationException", events.put_events, Entries=[good] * 11)
        self.assertIn("Member must have length less than or equal to 10", message)

    def test_a_call_holds_at_most_one_megabyte(self):
        big = {"Source": "s", "DetailType": "t", "Detail": json.dumps({"x": "y" * (1 << 20)})}
        message = self.assert_error("ValidationException", events.put_events, Entries=[big])
        self.assertEqual("Total size of the entries in the request is over the limit.", message)


class TestEventPattern(DoorTest):
    EVENT = {
        "version": "0",
        "id": "6f87d04b-9f74-4f04-a780-7acf4b0a9b38",
        "account": "123456789012",
        "source": "genesys.cloud",
        "time": "2026-01-02T03:04:05Z",
        "region": "us-east-1",
        "resources": [],
        "detail-type": "conversation.end",
        "detail": {"routing": {"queueId": "q-1"}, "duration": 120000},
    }

    def test_it_answers_yes_or_no(self):
        cases = [
            ({"source": ["genesys.cloud"]}, True),
            ({"source": ["genesys"]}, False),
            ({"detail": {"routing": {"queueId": ["q-2", "q-1"]}}}, True),
            ({"detail": {"duration": [{"numeric": [">", 1000, "<=", 120000]}]}}, True),
            ({"detail": {"wrapUpCode": [{"exists": True}]}}, False),
            ({"detail-type": [{"prefix": "conversation."}]}, True),
            ({"detail-type": [{"anything-but": "conversation.end"}]}, False),
            ({"$or": [{"source": ["x"]}, {"detail": {"routing": {"queueId": ["q-1"]}}}]}, True),
        ]
        for pattern, wanted in cases:
            with self.subTest(pattern):
                answer = events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(self.EVENT))
                self.assertIs(wanted, answer["Result"])

    def test_a_bad_pattern_is_named(self):
        self.assert_error(
            "InvalidEventPatternException",
            events.test_event_pattern,
            EventPattern='{"source": {"prefix": 1}}',
            Event=json.dumps(self.EVENT),
        )

    def test_a_bad_event_is_refused(self):
        # AWS wants id, account, source, time, region, resources and detail-type in the event.
        for event in ("{", "[]", '{"source": "x"}'):
            with self.subTest(event):
                self.assert_error(
                    ("ValidationException", "InvalidEventPatternException"),
                    events.test_event_pattern,
                    EventPattern='{"source": ["x"]}',
                    Event=event,
                )


class TargetInput(DoorTest):
    def carried(self, **target):
        """The body that a queue receives for one event with this target."""
        url = self.queue()
        bus = self.bus()
        self.rule(bus, targets=[{"Id": "a", "Arn": self.queue_arn(url), **target}])
        self.put(bus, DETAIL)
        return self.receive(url)[0]["Body"]

    def test_input_replaces_the_event(self):
        self.assertEqual('{"fixed": [1, 2]}', self.carried(Input='{"fixed": [1, 2]}'))

    def test_input_path_takes_a_part(self):
        self.assertEqual(json.loads(DETAIL), json.loads(self.carried(InputPath="$.detail")))
        self.assertEqual("q-1", json.loads(self.carried(InputPath="$.detail.routing.queueId")))

    def test_input_path_dollar_is_the_whole_event(self):
        self.assertEqual("genesys.cloud", json.loads(self.carried(InputPath="$"))["source"])

    def test_input_transformer_makes_json(self):
        transformer = {
            "InputPathsMap": {"queue": "$.detail.routing.queueId", "ms": "$.detail.duration", "none": "$.detail.no"},
            "InputTemplate": '{"queue": <queue>, "text": "queue <queue>", "ms": <ms>, "whole": <aws.events.event.json>}',
        }
        body = json.loads(self.carried(InputTransformer=transformer))
        self.assertEqual(("q-1", "queue q-1", 120000.5), (body["queue"], body["text"], body["ms"]))
        self.assertEqual("genesys.cloud", body["whole"]["source"])

    def test_input_transformer_makes_text(self):
        transformer = {
            "InputPathsMap": {"name": "$.detail.routing.queueName"},
            "InputTemplate": '"A conversation ended in <name>"',
        }
        self.assertEqual('"A conversation ended in Support"', self.carried(InputTransformer=transformer))

    def test_input_transformer_knows_its_rule(self):
        transformer = {"InputTemplate": '{"rule": <aws.events.rule-name>, "arn": <aws.events.rule-arn>}'}
        body = json.loads(self.carried(InputTransformer=transformer))
        self.assertTrue(body["arn"].endswith("/" + body["rule"]), body)


class LambdaTarget(DoorTest):
    def test_what_cannot_be_delivered_is_a_dead_letter_with_its_reason(self):
        dead = self.queue()
        bus = self.bus()
        function = f"arn:aws:lambda:{REGION}:{account()}:function:{name('none')}"
        target = {"Id": "a", "Arn": function, "DeadLetterConfig": {"Arn": self.queue_arn(dead)}}
        rule = self.rule(bus, targets=[target])
        event_id = self.put(bus, DETAIL)
        message = self.receive(dead, within_s=20, MessageAttributeNames=["All"])[0]
        body = json.loads(message["Body"])
        self.assertEqual((event_id, json.loads(DETAIL)), (body["id"], body["detail"]))
        attributes = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
        self.assertEqual(function, attributes["TARGET_ARN"])
        self.assertEqual(events.describe_rule(Name=rule, EventBusName=bus)["Arn"], attributes["RULE_ARN"])
        self.assertTrue(attributes["ERROR_CODE"])
        self.assertIn("function", attributes["ERROR_MESSAGE"].lower())
