# EventBridge through boto3: partner event sources, both sides.

import json

from door import DoorTest, account, events, name


class PartnerSources(DoorTest):
    def source(self):
        """A new source that is offered to this account, gone after the test."""
        source = f"aws.partner/example.com/{name('shop')}"
        events.create_partner_event_source(Name=source, Account=account())
        self.addCleanup(events.delete_partner_event_source, Name=source, Account=account())
        return source

    def associate(self, source):
        """A bus of the source's name, gone after the test."""
        events.create_event_bus(Name=source, EventSourceName=source)
        self.addCleanup(events.delete_event_bus, Name=source)

    def send(self, source, detail):
        entry = {"Source": source, "DetailType": "order", "Detail": json.dumps(detail)}
        self.assertEqual(0, events.put_partner_events(Entries=[entry])["FailedEntryCount"])

    def test_a_source_waits_until_it_has_a_bus(self):
        source = self.source()
        self.assertEqual("PENDING", events.describe_event_source(Name=source)["State"])
        self.assertEqual(source, events.describe_partner_event_source(Name=source)["Name"])
        self.assert_error("InvalidStateException", events.activate_event_source, Name=source)
        self.associate(source)
        listed = events.list_event_sources(NamePrefix=source)["EventSources"]
        self.assertEqual([(source, "ACTIVE")], [(one["Name"], one["State"]) for one in listed])
        accounts = events.list_partner_event_source_accounts(EventSourceName=source)["PartnerEventSourceAccounts"]
        self.assertEqual([(account(), "ACTIVE")], [(one["Account"], one["State"]) for one in accounts])
        listed = events.list_partner_event_sources(NamePrefix=source)["PartnerEventSources"]
        self.assertEqual([source], [one["Name"] for one in listed])

    def test_events_arrive_while_the_source_is_active(self):
        source, url = self.source(), self.queue()
        self.send(source, {"n": 0})
        self.associate(source)
        self.rule(source, pattern={"source": [source]}, targets=[{"Id": "queue", "Arn": self.queue_arn(url)}])
        self.send(source, {"n": 1})
        events.deactivate_event_source(Name=source)
        self.send(source, {"n": 2})
        events.activate_event_source(Name=source)
        self.send(source, {"n": 3})
        bodies = [json.loads(message["Body"]) for message in self.receive(url, count=2)]
        self.assertEqual([1, 3], sorted(body["detail"]["n"] for body in bodies))
        self.assert_empty(url)

    def test_the_account_cannot_speak_for_a_partner(self):
        source = self.source()
        self.associate(source)
        entry = {"Source": source, "DetailType": "order", "Detail": "{}"}
        refused = events.put_events(Entries=[entry])["Entries"][0]
        self.assertEqual("NotAuthorizedForSourceException", refused["ErrorCode"])
