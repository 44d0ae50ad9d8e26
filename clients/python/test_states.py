# Step Functions through boto3: every operation, Tasks of the services here, rules that start executions, tokens, activities, map runs.

import json
import time
import unittest

import boto3
from botocore import xform_name
from botocore.config import Config
from door import DoorTest, account, events, name, sqs

# StartSyncExecution and TestState would go to a host that begins with `sync-`.
sfn = boto3.client("stepfunctions", config=Config(inject_host_prefix=False, read_timeout=70, retries={"total_max_attempts": 1}))
logs = boto3.client("logs")
dynamodb = boto3.client("dynamodb")

ROLE = "arn:aws:iam::123456789012:role/states"
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


class States(DoorTest):
    def machine(self, definition=PASS, **options):
        made = sfn.create_state_machine(name=name("machine"), definition=json.dumps(definition), roleArn=ROLE, **options)
        self.addCleanup(sfn.delete_state_machine, stateMachineArn=made["stateMachineArn"])
        return made["stateMachineArn"]

    def start(self, machine, given=None, **options):
        return sfn.start_execution(stateMachineArn=machine, input=json.dumps(given or {}), **options)["executionArn"]

    def ended(self, execution, within_s=30):
        until = time.monotonic() + within_s
        while True:
            described = sfn.describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return described
            self.assertLess(time.monotonic(), until, described)

    def run_task(self, resource, parameters, given=None, **more):
        task = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, "End": True, **more}
        return self.ended(self.start(self.machine({"StartAt": "T", "States": {"T": task}}), given))

    def test_a_machine_is_created_changed_listed_and_deleted(self):
        machine = self.machine(tags=[{"key": "team", "value": "a"}])
        described = sfn.describe_state_machine(stateMachineArn=machine)
        self.assertEqual((described["status"], described["type"], json.loads(described["definition"])), ("ACTIVE", "STANDARD", PASS))
        again = sfn.create_state_machine(name=described["name"], definition=json.dumps(PASS), roleArn=ROLE)
        self.assertEqual(again["stateMachineArn"], machine)
        other = json.dumps({**PASS, "Comment": "other"})
        self.assert_error("StateMachineAlreadyExists", sfn.create_state_machine, name=described["name"], definition=other, roleArn=ROLE)
        self.assert_error("MissingRequiredParameter", sfn.update_state_machine, stateMachineArn=machine)
        updated = sfn.update_state_machine(stateMachineArn=machine, definition=other)
        self.assertEqual(sfn.describe_state_machine(stateMachineArn=machine)["revisionId"], updated["revisionId"])
        self.assertIn(machine, [one["stateMachineArn"] for page in sfn.get_paginator("list_state_machines").paginate() for one in page["stateMachines"]])
        sfn.tag_resource(resourceArn=machine, tags=[{"key": "x", "value": "y"}])
        sfn.untag_resource(resourceArn=machine, tagKeys=["team"])
        self.assertEqual(sfn.list_tags_for_resource(resourceArn=machine)["tags"], [{"key": "x", "value": "y"}])
        sfn.delete_state_machine(stateMachineArn=machine)
        self.assert_error("StateMachineDoesNotExist", sfn.describe_state_machine, stateMachineArn=machine)

    def test_what_is_wrong_is_told(self):
        bad = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "Next": "Q"}}})
        self.assertIn("MISSING_TRANSITION_TARGET", self.assert_error("InvalidDefinition", sfn.create_state_machine, name=name("m"), definition=bad, roleArn=ROLE))
        self.assertEqual(sfn.validate_state_machine_definition(definition=bad)["result"], "FAIL")
        task = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": True}}}
        words = self.assert_error("InvalidDefinition", sfn.create_state_machine, name=name("m"), definition=json.dumps(task), roleArn=ROLE)
        self.assertIn("sns:publish is not served", words)

    def test_versions_and_aliases(self):
        machine = self.machine()
        first = sfn.publish_state_machine_version(stateMachineArn=machine, description="one")["stateMachineVersionArn"]
        self.assertEqual(first, f"{machine}:1")
        sfn.update_state_machine(stateMachineArn=machine, definition=json.dumps({**PASS, "Comment": "2"}))
        second = sfn.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
        listed = sfn.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]
        self.assertEqual([one["stateMachineVersionArn"] for one in listed], [second, first])
        routes = [{"stateMachineVersionArn": first, "weight": 100}]
        alias = sfn.create_state_machine_alias(name="live", routingConfiguration=routes)["stateMachineAliasArn"]
        self.assertEqual(sfn.describe_state_machine_alias(stateMachineAliasArn=alias)["routingConfiguration"], routes)
        self.assert_error("ConflictException", sfn.delete_state_machine_version, stateMachineVersionArn=first)
        described = self.ended(self.start(alias))
        self.assertEqual((described["stateMachineAliasArn"], described["stateMachineVersionArn"]), (alias, first))
        sfn.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=[{"stateMachineVersionArn": second, "weight": 100}])
        self.assertEqual(len(sfn.list_state_machine_aliases(stateMachineArn=machine)["stateMachineAliases"]), 1)
        sfn.delete_state_machine_version(stateMachineVersionArn=first)
        sfn.delete_state_machine_alias(stateMachineAliasArn=alias)
        self.assert_error("ResourceNotFound", sfn.describe_state_machine_alias, stateMachineAliasArn=alias)

    def test_an_execution_is_described_listed_and_stopped(self):
        machine = self.machine({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": True}}})
        execution = self.start(machine, name="one")
        self.assertEqual(self.start(machine, name="one"), execution)
        self.assert_error("ExecutionAlreadyExists", sfn.start_execution, stateMachineArn=machine, name="one", input='{"a": 1}')
        self.assertEqual(sfn.describe_state_machine_for_execution(executionArn=execution)["stateMachineArn"], machine)
        listed = sfn.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
        self.assertEqual([one["name"] for one in listed], ["one"])
        sfn.stop_execution(executionArn=execution, error="Enough", cause="said so")
        described = sfn.describe_execution(executionArn=execution)
        self.assertEqual((described["status"], described["error"]), ("ABORTED", "Enough"))
        history = sfn.get_execution_history(executionArn=execution, reverseOrder=True)["events"]
        self.assertEqual(history[0]["type"], "ExecutionAborted")

    def test_tasks_call_the_services_here(self):
        queue = self.queue()
        done = self.run_task("sqs:sendMessage", {"QueueUrl": queue, "MessageBody": {"a.$": "$.a"}}, {"a": 1})
        self.assertEqual(done["status"], "SUCCEEDED", done)
        message = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"][0]
        self.assertEqual((json.loads(message["Body"]), message["MessageId"]), ({"a": 1}, json.loads(done["output"])["MessageId"]))
        failed = self.run_task("sqs:sendMessage", {"QueueUrl": queue})
        self.assertEqual(failed["error"], "SQS.AmazonSQSException")
        failed = self.run_task("events:putEvents", {"Entries": [{"Detail": {}, "DetailType": "t"}]})
        self.assertEqual(failed["error"], "EventBridge.FailedEntry")
        table = name("table")
        dynamodb.create_table(TableName=table, AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                              KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
        self.addCleanup(dynamodb.delete_table, TableName=table)
        item = {"TableName": table, "Item": {"id": {"S": "1"}}}
        self.assertEqual(self.run_task("dynamodb:putItem", item)["status"], "SUCCEEDED")
        failed = self.run_task("dynamodb:putItem", {**item, "ConditionExpression": "attribute_not_exists(id)"})
        self.assertEqual(failed["error"], "DynamoDB.ConditionalCheckFailedException")
        found = self.run_task("aws-sdk:dynamodb:getItem", {"TableName": table, "Key": {"id": {"S": "1"}}})
        self.assertEqual(json.loads(found["output"])["Item"], {"id": {"S": "1"}})
        failed = self.run_task("aws-sdk:sfn:describeExecution", {"ExecutionArn": "arn:aws:states:us-east-1:000000000000:execution:no:no"})
        self.assertEqual(failed["error"], "Sfn.ExecutionDoesNotExistException")

    def test_a_child_is_waited_for(self):
        child = self.machine({"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": {"y": 2}, "End": True}}})
        done = self.run_task("states:startExecution.sync:2", {"StateMachineArn": child, "Input": {"x": 1}})
        told = json.loads(done["output"])
        self.assertEqual((told["Input"], told["Output"], told["Status"]), ({"x": 1}, {"y": 2}, "SUCCEEDED"))
        bad = self.machine({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Broken"}}})
        failed = self.run_task("states:startExecution.sync", {"StateMachineArn": bad})
        self.assertEqual((failed["error"], json.loads(failed["cause"])["Error"]), ("States.TaskFailed", "Broken"))

    def test_a_token_is_reported_by_somebody_else(self):
        queue = self.queue()
        task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "HeartbeatSeconds": 60, "End": True,
                "Parameters": {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}}}
        execution = self.start(self.machine({"StartAt": "T", "States": {"T": task}}))
        body = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"][0]["Body"]
        token = json.loads(body)["token"]
        sfn.send_task_heartbeat(taskToken=token)
        sfn.send_task_success(taskToken=token, output='{"ok": true}')
        self.assertEqual(json.loads(self.ended(execution)["output"]), {"ok": True})
        self.assert_error("TaskTimedOut", sfn.send_task_failure, taskToken=token)
        self.assert_error("InvalidToken", sfn.send_task_success, taskToken="none", output="{}")

    def test_activities(self):
        activity = sfn.create_activity(name=name("activity"))["activityArn"]
        self.addCleanup(sfn.delete_activity, activityArn=activity)
        self.assertIn(activity, [one["activityArn"] for one in sfn.list_activities(maxResults=1000)["activities"]])
        self.assertEqual(sfn.describe_activity(activityArn=activity)["activityArn"], activity)
        machine = self.machine({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": activity, "End": True}}})
        execution = self.start(machine, {"n": 1})
        task = sfn.get_activity_task(activityArn=activity, workerName="w")
        self.assertEqual(json.loads(task["input"]), {"n": 1})
        sfn.send_task_failure(taskToken=task["taskToken"], error="Tired", cause="long day")
        self.assertEqual(self.ended(execution)["error"], "Tired")
        sfn.redrive_execution(executionArn=execution)
        task = sfn.get_activity_task(activityArn=activity)
        sfn.send_task_success(taskToken=task["taskToken"], output="7")
        described = self.ended(execution)
        self.assertEqual((described["status"], described["output"], described["redriveCount"]), ("SUCCEEDED", "7", 1))

    def test_a_map_run(self):
        inner = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P",
                 "States": {"P": {"Type": "Wait", "Seconds": 1, "End": True}}}
        machine = self.machine({"StartAt": "M", "States": {"M": {"Type": "Map", "MaxConcurrency": 2, "ItemProcessor": inner, "End": True}}})
        execution = sfn.start_execution(stateMachineArn=machine, input="[1, 2, 3]")["executionArn"]
        runs, until = [], time.monotonic() + 20
        while not runs and time.monotonic() < until:
            runs = sfn.list_map_runs(executionArn=execution)["mapRuns"]
        run = runs[0]["mapRunArn"]
        sfn.update_map_run(mapRunArn=run, maxConcurrency=3)
        self.assertEqual(sfn.describe_map_run(mapRunArn=run)["maxConcurrency"], 3)
        self.assertEqual(json.loads(self.ended(execution)["output"]), [1, 2, 3])
        self.assertEqual(sfn.describe_map_run(mapRunArn=run)["itemCounts"]["succeeded"], 3)
        self.assertEqual(len(sfn.list_executions(mapRunArn=run)["executions"]), 3)

    def test_express_executions_and_their_lines(self):
        group = f"/aws/vendedlogs/states/{name('group')}"
        logs.create_log_group(logGroupName=group)
        self.addCleanup(logs.delete_log_group, logGroupName=group)
        arn = f"arn:aws:logs:{logs.meta.region_name}:{account()}:log-group:{group}:*"
        destinations = [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}]
        machine = self.machine(type="EXPRESS", loggingConfiguration={"level": "ALL", "includeExecutionData": True, "destinations": destinations})
        answer = sfn.start_sync_execution(stateMachineArn=machine, input='{"a": 1}')
        self.assertEqual((answer["status"], json.loads(answer["output"])), ("SUCCEEDED", {"a": 1}))
        lines = [json.loads(event["message"]) for event in logs.filter_log_events(logGroupName=group)["events"]]
        self.assertEqual([line["type"] for line in lines][-1], "ExecutionSucceeded")
        self.assertIn(":express:", self.start(machine))
        self.assert_error("StateMachineTypeNotSupported", sfn.start_sync_execution, stateMachineArn=self.machine())

    def test_a_state_is_tried(self):
        state = json.dumps({"Type": "Pass", "Parameters": {"b.$": "$.a"}, "Next": "N"})
        answer = sfn.test_state(definition=state, input='{"a": 1}', inspectionLevel="DEBUG")
        self.assertEqual((answer["status"], json.loads(answer["output"]), answer["nextState"]), ("SUCCEEDED", {"b": 1}, "N"))
        task = json.dumps({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}, "End": True})
        answer = sfn.test_state(definition=task, input="{}", mock={"errorOutput": {"error": "E", "cause": "C"}})
        self.assertEqual((answer["status"], answer["error"]), ("FAILED", "E"))

    def test_a_rule_starts_an_execution_and_is_told_of_its_end(self):
        queue, source = self.queue(), name("source")
        machine = self.machine()
        watch, rule = name("watch"), name("rule")
        pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [machine], "status": ["SUCCEEDED"]}}
        for made, wanted, target in ((watch, pattern, self.queue_arn(queue)), (rule, {"source": [source]}, machine)):
            events.put_rule(Name=made, EventPattern=json.dumps(wanted))
            self.addCleanup(events.delete_rule, Name=made)
            put = {"Id": "1", "Arn": target, **({"RoleArn": ROLE} if target == machine else {})}
            self.assertEqual(events.put_targets(Rule=made, Targets=[put])["FailedEntryCount"], 0)
            self.addCleanup(events.remove_targets, Rule=made, Ids=["1"])
        events.put_events(Entries=[{"Source": source, "DetailType": "t", "Detail": '{"a": 1}'}])
        body = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=15)["Messages"][0]["Body"]
        detail = json.loads(body)["detail"]
        self.assertEqual(json.loads(detail["input"])["detail"], {"a": 1})
        self.assertEqual(json.loads(body)["resources"], [detail["executionArn"]])

    def test_no_operation_of_boto3_is_left_out(self):
        with open(__file__, encoding="utf-8") as file:
            text = file.read()
        names = [xform_name(operation) for operation in sfn.meta.service_model.operation_names]
        self.assertGreaterEqual(len(names), 37)
        self.assertEqual([one for one in names if f"sfn.{one}" not in text and f'get_paginator("{one}")' not in text], [])


if __name__ == "__main__":
    unittest.main()
