# CloudWatch Logs through boto3: log groups as targets of rules, and the operations to look at what was delivered.

import json
import time

import boto3
from door import REGION, DoorTest, account, events, name

logs = boto3.client("logs")


class LogGroups(DoorTest):
    def group(self, **options):
        """A new log group, gone after the test."""
        group = f"/aws/events/{name('group')}"
        logs.create_log_group(logGroupName=group, **options)
        self.addCleanup(logs.delete_log_group, logGroupName=group)
        return group

    def arn(self, group):
        return f"arn:aws:logs:{REGION}:{account()}:log-group:{group}"

    def test_an_event_is_in_the_log_group_when_it_is_acknowledged(self):
        bus, group = self.bus(), self.group()
        self.rule(bus, targets=[{"Id": "log", "Arn": self.arn(group)}])
        ids = [self.put(bus, {"n": n}) for n in range(3)]
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, filterPattern='"\\"n\\""', PaginationConfig={"PageSize": 2}
        )
        found = [json.loads(event["message"]) for page in pages for event in page["events"]]
        self.assertEqual(ids, [event["id"] for event in found])
        streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
        self.assertEqual(1, len(streams), streams)
        self.assertGreater(logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["storedBytes"], 0)

    def test_a_template_says_time_and_message(self):
        bus, group = self.bus(), self.group()
        transformer = {
            "InputPathsMap": {"time": "$.time", "n": "$.detail.n"},
            "InputTemplate": '{"timestamp": <time>, "message": "number <n>"}',
        }
        self.rule(bus, targets=[{"Id": "log", "Arn": self.arn(group), "InputTransformer": transformer}])
        self.put(bus, {"n": 7})
        found = logs.filter_log_events(logGroupName=group)["events"]
        self.assertEqual(["number 7"], [event["message"] for event in found])

    def test_events_are_put_and_got_from_either_end(self):
        group = self.group(tags={"team": "a"})
        logs.create_log_stream(logGroupName=group, logStreamName="s")
        now = int(time.time() * 1000)
        entries = [{"timestamp": now + n, "message": f"m{n}"} for n in range(5)]
        answer = logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=entries)
        self.assertNotIn("rejectedLogEventsInfo", answer)
        request = {"logGroupName": group, "logStreamName": "s", "limit": 2}
        newest = logs.get_log_events(**request)
        self.assertEqual(["m3", "m4"], [event["message"] for event in newest["events"]])
        before = logs.get_log_events(**request, nextToken=newest["nextBackwardToken"])
        self.assertEqual(["m1", "m2"], [event["message"] for event in before["events"]])
        oldest = logs.get_log_events(**request, startFromHead=True)
        self.assertEqual(["m0", "m1"], [event["message"] for event in oldest["events"]])
        logs.put_retention_policy(logGroupName=group, retentionInDays=7)
        self.assertEqual(7, logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["retentionInDays"])
        self.assertEqual({"team": "a"}, logs.list_tags_for_resource(resourceArn=self.arn(group))["tags"])

    def test_errors_are_the_services_own(self):
        group = self.group()
        self.assert_error("ResourceAlreadyExistsException", logs.create_log_group, logGroupName=group)
        self.assert_error(
            "ResourceNotFoundException", logs.get_log_events, logGroupName=group, logStreamName="none"
        )
        self.assert_error(
            "InvalidParameterException", logs.filter_log_events, logGroupName=group, filterPattern="{ $.a = 1 }"
        )
        with self.assertRaises(logs.exceptions.InvalidParameterException):
            logs.put_retention_policy(logGroupName=group, retentionInDays=2)
