# EventBridge through boto3: what buses and rules carry beside their purpose: tags, policies, settings.

import json

from door import REGION, DoorTest, account, events, name


class Settings(DoorTest):
    def arn(self, resource):
        return f"arn:aws:events:{REGION}:{account()}:{resource}"

    def tags(self, arn):
        return {tag["Key"]: tag["Value"] for tag in events.list_tags_for_resource(ResourceARN=arn)["Tags"]}

    def test_tags_are_put_listed_and_taken_away(self):
        bus = self.bus()
        for arn in (self.arn(f"event-bus/{bus}"), self.arn(f"rule/{bus}/{self.rule(bus)}")):
            self.assertEqual({}, self.tags(arn))
            tags = [{"Key": "team", "Value": "a"}, {"Key": "stage", "Value": "test"}]
            events.tag_resource(ResourceARN=arn, Tags=tags)
            events.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "b"}])
            events.untag_resource(ResourceARN=arn, TagKeys=["stage", "none"])
            self.assertEqual({"team": "b"}, self.tags(arn))
        none = self.arn(f"rule/{name('none')}")
        self.assert_error("ResourceNotFoundException", events.list_tags_for_resource, ResourceARN=none)

    def test_permissions_are_given_and_taken_back(self):
        bus = self.bus()
        permission = {"Action": "events:PutEvents", "EventBusName": bus}
        events.put_permission(StatementId="one", Principal="111122223333", **permission)
        events.put_permission(StatementId="all", Principal="*", **permission)
        policy = json.loads(events.describe_event_bus(Name=bus)["Policy"])
        statements = [(one["Sid"], one["Effect"], one["Resource"]) for one in policy["Statement"]]
        arn = self.arn(f"event-bus/{bus}")
        self.assertEqual([("one", "Allow", arn), ("all", "Allow", arn)], statements)
        events.remove_permission(StatementId="one", EventBusName=bus)
        policy = json.loads(events.describe_event_bus(Name=bus)["Policy"])
        self.assertEqual(["all"], [one["Sid"] for one in policy["Statement"]])
        gone = {"StatementId": "one", "EventBusName": bus}
        self.assert_error("ResourceNotFoundException", events.remove_permission, **gone)
        events.remove_permission(RemoveAllPermissions=True, EventBusName=bus)
        self.assertNotIn("Policy", events.describe_event_bus(Name=bus))

    def test_a_bus_is_changed(self):
        bus = self.bus()
        changed = {"Description": "orders", "LogConfig": {"Level": "ERROR", "IncludeDetail": "NONE"}}
        answer = events.update_event_bus(Name=bus, **changed)
        self.assertEqual(changed, {key: answer[key] for key in changed})
        events.update_event_bus(Name=bus, Description="all orders")
        described = events.describe_event_bus(Name=bus)
        self.assertEqual(("all orders", changed["LogConfig"]), (described["Description"], described["LogConfig"]))
        wrong = {"Name": bus, "LogConfig": {"Level": "LOUD"}}
        self.assert_error("ValidationException", events.update_event_bus, **wrong)

    def test_an_archive_s_rule_is_aws_s_own(self):
        bus = self.bus()
        archive = name("archive")
        source = self.arn(f"event-bus/{bus}")
        events.create_archive(ArchiveName=archive, EventSourceArn=source, EventPattern='{"source":["a"]}')
        self.addCleanup(events.delete_archive, ArchiveName=archive)
        rule = {"Name": f"Events-Archive-{archive}", "EventBusName": bus}
        described = events.describe_rule(**rule)
        self.assertEqual("prod.vhs.events.aws.internal", described["ManagedBy"])
        pattern = {"source": ["a"], "replay-name": [{"exists": False}]}
        self.assertEqual(pattern, json.loads(described["EventPattern"]))
        listed = events.list_rules(EventBusName=bus)["Rules"]
        self.assertEqual([rule["Name"]], [one["Name"] for one in listed])
        self.assert_error("ManagedRuleException", events.disable_rule, **rule)
        self.assert_error("ManagedRuleException", events.delete_rule, **rule)
