# EventBridge through boto3: scheduled rules.

import json

from door import DoorTest, events, name


class Schedules(DoorTest):
    def scheduled(self, **options):
        """A new scheduled rule, gone after the test; it is disabled so that nothing runs behind the test's back."""
        rule = name("rule")
        events.put_rule(Name=rule, State="DISABLED", **options)
        self.addCleanup(events.delete_rule, Name=rule)
        return rule

    def test_rates_and_cron_expressions_are_taken_and_shown(self):
        for expression in ("rate(1 minute)", "rate(12 hours)", "cron(0 18 ? * MON-FRI *)", "cron(0 9 3W * ? *)"):
            rule = self.scheduled(ScheduleExpression=expression)
            described = events.describe_rule(Name=rule)
            self.assertEqual(expression, described["ScheduleExpression"])
            self.assertNotIn("EventPattern", described)
            listed = events.list_rules(NamePrefix=rule)["Rules"]
            self.assertEqual([expression], [one["ScheduleExpression"] for one in listed])

    def test_a_rule_has_a_pattern_beside_its_schedule(self):
        pattern = json.dumps({"source": ["a"]})
        rule = self.scheduled(ScheduleExpression="rate(1 day)", EventPattern=pattern)
        described = events.describe_rule(Name=rule)
        self.assertEqual((pattern, "rate(1 day)"), (described["EventPattern"], described["ScheduleExpression"]))

    def test_what_is_no_schedule_is_refused(self):
        for expression in ("rate(1 minutes)", "rate(0 minutes)", "cron(0 1 * * * *)", "cron(71 8 1 * ? *)", "daily"):
            message = self.assert_error(
                "ValidationException", events.put_rule, Name=name("rule"), ScheduleExpression=expression
            )
            self.assertEqual("Parameter ScheduleExpression is not valid.", message)

    def test_only_the_default_bus_has_schedules(self):
        bus = self.bus()
        message = self.assert_error(
            "ValidationException",
            events.put_rule,
            Name=name("rule"),
            EventBusName=bus,
            ScheduleExpression="rate(1 minute)",
        )
        self.assertEqual("ScheduleExpression is supported only on the default event bus.", message)
