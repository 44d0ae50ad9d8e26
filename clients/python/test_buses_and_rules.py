# EventBridge through boto3: event buses, rules and targets, with AWS's own errors.

import json

from door import REGION, DoorTest, account, events, name

PATTERN = json.dumps({"source": ["genesys.cloud"]})


def pages(call, key, **options):
    """Every page of a listing as a list of lists."""
    found = []
    # More pages than any test makes: a token that leads nowhere ends here.
    for _ in range(20):
        answer = call(**options)
        found.append(answer[key])
        if not answer.get("NextToken"):
            break
        options["NextToken"] = answer["NextToken"]
    return found


class Buses(DoorTest):
    def test_the_default_bus_is_there(self):
        bus = events.describe_event_bus()
        self.assertEqual("default", bus["Name"])
        self.assertEqual(f"arn:aws:events:{REGION}:{account()}:event-bus/default", bus["Arn"])
        self.assertIn("default", [bus["Name"] for bus in events.list_event_buses()["EventBuses"]])

    def test_a_bus_is_created_described_listed_and_deleted(self):
        bus = name("bus")
        arn = events.create_event_bus(Name=bus)["EventBusArn"]
        self.assertEqual(f"arn:aws:events:{REGION}:{account()}:event-bus/{bus}", arn)
        self.assertEqual(arn, events.describe_event_bus(Name=bus)["Arn"])
        listed = events.list_event_buses(NamePrefix=bus)["EventBuses"]
        self.assertEqual([(bus, arn)], [(one["Name"], one["Arn"]) for one in listed])
        events.delete_event_bus(Name=bus)
        message = self.assert_error("ResourceNotFoundException", events.describe_event_bus, Name=bus)
        self.assertEqual(f"Event bus {bus} does not exist.", message)
        # AWS deletes what is not there without a word.
        events.delete_event_bus(Name=bus)

    def test_a_bus_exists_once(self):
        bus = self.bus()
        self.assert_error("ResourceAlreadyExistsException", events.create_event_bus, Name=bus)

    def test_the_default_bus_stays(self):
        self.assert_error("ValidationException", events.delete_event_bus, Name="default")

    def test_a_custom_bus_has_no_slash_in_its_name(self):
        self.assert_error("ValidationException", events.create_event_bus, Name="a/b")

    def test_buses_come_in_pages(self):
        prefix = name("paged")
        names = [f"{prefix}-{n}" for n in range(5)]
        for bus in names:
            events.create_event_bus(Name=bus)
            self.addCleanup(events.delete_event_bus, Name=bus)
        found = pages(events.list_event_buses, "EventBuses", NamePrefix=prefix, Limit=2)
        self.assertEqual([2, 2, 1], [len(page) for page in found])
        self.assertEqual(names, sorted(bus["Name"] for page in found for bus in page))


class Rules(DoorTest):
    def test_a_rule_is_put_described_disabled_enabled_and_deleted(self):
        bus = self.bus()
        rule = name("rule")
        arn = events.put_rule(Name=rule, EventBusName=bus, EventPattern=PATTERN, Description="d")["RuleArn"]
        self.assertEqual(f"arn:aws:events:{REGION}:{account()}:rule/{bus}/{rule}", arn)
        described = events.describe_rule(Name=rule, EventBusName=bus)
        wanted = {"Name": rule, "Arn": arn, "EventPattern": PATTERN, "State": "ENABLED", "EventBusName": bus}
        self.assertEqual(wanted, {key: described[key] for key in wanted})
        self.assertEqual("d", described["Description"])
        events.disable_rule(Name=rule, EventBusName=bus)
        self.assertEqual("DISABLED", events.describe_rule(Name=rule, EventBusName=bus)["State"])
        events.enable_rule(Name=rule, EventBusName=bus)
        self.assertEqual("ENABLED", events.describe_rule(Name=rule, EventBusName=bus)["State"])
        events.delete_rule(Name=rule, EventBusName=bus)
        message = self.assert_error("ResourceNotFoundException", events.describe_rule, Name=rule, EventBusName=bus)
        self.assertEqual(f"Rule {rule} does not exist on EventBus {bus}.", message)
        events.delete_rule(Name=rule, EventBusName=bus)

    def test_a_rule_on_the_default_bus_has_no_bus_in_its_arn(self):
        rule = self.rule("default")
        wanted = f"arn:aws:events:{REGION}:{account()}:rule/{rule}"
        self.assertEqual(wanted, events.describe_rule(Name=rule)["Arn"])

    def test_putting_a_rule_again_replaces_it_and_keeps_its_targets(self):
        url = self.queue()
        bus = self.bus()
        rule = self.rule(bus, targets=[{"Id": "one", "Arn": self.queue_arn(url)}])
        other = json.dumps({"source": ["other"]})
        events.put_rule(Name=rule, EventBusName=bus, EventPattern=other, State="DISABLED")
        described = events.describe_rule(Name=rule, EventBusName=bus)
        self.assertEqual((other, "DISABLED"), (described["EventPattern"], described["State"]))
        self.assertEqual(1, len(events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]))

    def test_a_bad_pattern_is_refused(self):
        bad = ["{", "[]", '{"source": "no array"}', '{"source": [{"no-such-operator": 1}]}']
        for pattern in bad:
            with self.subTest(pattern):
                message = self.assert_error(
                    "InvalidEventPatternException", events.put_rule, Name=name("rule"), EventPattern=pattern
                )
                self.assertTrue(message.startswith("Event pattern is not valid. Reason: "), message)

    def test_a_rule_needs_a_pattern_or_a_schedule(self):
        self.assert_error("ValidationException", events.put_rule, Name=name("rule"))

    def test_a_rule_needs_its_bus(self):
        bus = name("nowhere")
        for call, options in (
            (events.put_rule, {"Name": "r", "EventPattern": PATTERN}),
            (events.describe_rule, {"Name": "r"}),
            (events.list_rules, {}),
            (events.enable_rule, {"Name": "r"}),
            (events.disable_rule, {"Name": "r"}),
            (events.delete_rule, {"Name": "r"}),
            (events.put_targets, {"Rule": "r", "Targets": [{"Id": "a", "Arn": "arn:aws:sqs:us-east-1:000000000000:q"}]}),
            (events.list_targets_by_rule, {"Rule": "r"}),
            (events.remove_targets, {"Rule": "r", "Ids": ["a"]}),
        ):
            with self.subTest(call.__name__):
                message = self.assert_error("ResourceNotFoundException", call, EventBusName=bus, **options)
                self.assertEqual(f"Event bus {bus} does not exist.", message)

    def test_what_needs_a_rule_says_which(self):
        bus = self.bus()
        rule = name("none")
        for call, options in (
            (events.enable_rule, {"Name": rule}),
            (events.disable_rule, {"Name": rule}),
            (events.put_targets, {"Rule": rule, "Targets": [{"Id": "a", "Arn": "arn:aws:sqs:us-east-1:000000000000:q"}]}),
            (events.list_targets_by_rule, {"Rule": rule}),
            (events.remove_targets, {"Rule": rule, "Ids": ["a"]}),
        ):
            with self.subTest(call.__name__):
                message = self.assert_error("ResourceNotFoundException", call, EventBusName=bus, **options)
                self.assertEqual(f"Rule {rule} does not exist on EventBus {bus}.", message)

    def test_a_bad_name_is_refused(self):
        self.assert_error("ValidationException", events.put_rule, Name="no spaces", EventPattern=PATTERN)
        self.assert_error("ValidationException", events.put_rule, Name="x" * 65, EventPattern=PATTERN)

    def test_rules_come_in_pages_and_by_prefix(self):
        bus = self.bus()
        names = sorted(self.rule(bus) for _ in range(5))
        found = pages(events.list_rules, "Rules", EventBusName=bus, Limit=2)
        self.assertEqual([2, 2, 1], [len(page) for page in found])
        self.assertEqual(names, sorted(rule["Name"] for page in found for rule in page))
        one = events.list_rules(EventBusName=bus, NamePrefix=names[0])["Rules"]
        self.assertEqual([names[0]], [rule["Name"] for rule in one])


class Targets(DoorTest):
    def test_targets_are_put_listed_replaced_and_removed(self):
        arn = self.queue_arn(self.queue())
        bus = self.bus()
        rule = self.rule(bus, targets=[{"Id": "a", "Arn": arn}, {"Id": "b", "Arn": arn, "Input": '{"x": 1}'}])
        events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "a", "Arn": arn, "InputPath": "$.detail"}])
        listed = events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]
        wanted = [{"Id": "a", "Arn": arn, "InputPath": "$.detail"}, {"Id": "b", "Arn": arn, "Input": '{"x": 1}'}]
        self.assertEqual(wanted, sorted(listed, key=lambda target: target["Id"]))
        answer = events.remove_targets(Rule=rule, EventBusName=bus, Ids=["a"])
        self.assertEqual((0, []), (answer["FailedEntryCount"], answer["FailedEntries"]))
        left = events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]
        self.assertEqual(["b"], [target["Id"] for target in left])

    def test_a_target_that_was_put_is_listed_with_all_its_fields(self):
        arn = self.queue_arn(self.queue())
        target = {
            "Id": "full",
            "Arn": arn,
            "InputTransformer": {"InputPathsMap": {"id": "$.id"}, "InputTemplate": '{"id": <id>}'},
            "DeadLetterConfig": {"Arn": arn},
            "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 60},
        }
        bus = self.bus()
        rule = self.rule(bus, targets=[target])
        self.assertEqual([target], events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"])

    def test_a_rule_with_targets_is_not_deleted(self):
        bus = self.bus()
        rule = self.rule(bus, targets=[{"Id": "a", "Arn": self.queue_arn(self.queue())}])
        message = self.assert_error("ValidationException", events.delete_rule, Name=rule, EventBusName=bus)
        self.assertEqual("Rule can't be deleted since it has targets.", message)

    def test_a_rule_has_at_most_five_targets(self):
        bus = self.bus()
        arn = self.queue_arn(self.queue())
        rule = self.rule(bus)
        six = [{"Id": f"t{n}", "Arn": arn} for n in range(6)]
        self.assert_error("LimitExceededException", events.put_targets, Rule=rule, EventBusName=bus, Targets=six)
        self.assertEqual([], events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"])

    def test_a_bad_target_is_refused(self):
        bus = self.bus()
        rule = self.rule(bus)
        arn = self.queue_arn(self.queue())
        bad = {
            "no ARN": {"Id": "a", "Arn": "queue"},
            "Input that is no JSON": {"Id": "a", "Arn": arn, "Input": "{"},
            "Input and InputPath": {"Id": "a", "Arn": arn, "Input": "{}", "InputPath": "$.detail"},
            "InputPath that is no path": {"Id": "a", "Arn": arn, "InputPath": "detail"},
            "Id with a space": {"Id": "a b", "Arn": arn},
        }
        for why, target in bad.items():
            with self.subTest(why):
                self.assert_error(
                    "ValidationException", events.put_targets, Rule=rule, EventBusName=bus, Targets=[target]
                )

    def test_rules_are_found_by_their_target(self):
        arn = self.queue_arn(self.queue())
        bus = self.bus()
        rules = sorted(self.rule(bus, targets=[{"Id": "a", "Arn": arn}]) for _ in range(3))
        self.rule(bus, targets=[{"Id": "a", "Arn": self.queue_arn(self.queue())}])
        found = pages(events.list_rule_names_by_target, "RuleNames", TargetArn=arn, EventBusName=bus, Limit=2)
        self.assertEqual(rules, sorted(rule for page in found for rule in page))

    def test_targets_come_in_pages(self):
        arn = self.queue_arn(self.queue())
        bus = self.bus()
        rule = self.rule(bus, targets=[{"Id": f"t{n}", "Arn": arn} for n in range(5)])
        found = pages(events.list_targets_by_rule, "Targets", Rule=rule, EventBusName=bus, Limit=2)
        self.assertEqual([f"t{n}" for n in range(5)], sorted(target["Id"] for page in found for target in page))
