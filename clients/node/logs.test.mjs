// CloudWatch Logs through AWS's SDK for JavaScript v3: a rule's log group, its events, the errors as the SDK's classes.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  PutLogEventsCommand,
  ResourceAlreadyExistsException,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  DeleteRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from "@aws-sdk/client-eventbridge";

import { events, name } from "./door.mjs";

const logs = new CloudWatchLogsClient({ maxAttempts: 1 });

async function group(t) {
  const logGroupName = `/aws/events/${name("group")}`;
  await logs.send(new CreateLogGroupCommand({ logGroupName }));
  t.after(() => logs.send(new DeleteLogGroupCommand({ logGroupName })));
  const { logGroups } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }));
  return { logGroupName, arn: logGroups[0].logGroupArn };
}

test("a rule's log group has the event", async (t) => {
  const { logGroupName, arn } = await group(t);
  const Rule = name("rule");
  const EventPattern = JSON.stringify({ source: [Rule] });
  await events.send(new PutRuleCommand({ Name: Rule, EventPattern }));
  await events.send(new PutTargetsCommand({ Rule, Targets: [{ Id: "log", Arn: arn }] }));
  t.after(async () => {
    await events.send(new RemoveTargetsCommand({ Rule, Ids: ["log"] }));
    await events.send(new DeleteRuleCommand({ Name: Rule }));
  });
  const Detail = JSON.stringify({ n: 1 });
  await events.send(new PutEventsCommand({ Entries: [{ Source: Rule, DetailType: "t", Detail }] }));
  const found = await logs.send(new FilterLogEventsCommand({ logGroupName, filterPattern: Rule }));
  assert.deepEqual(found.events.map((event) => JSON.parse(event.message).detail), [{ n: 1 }]);
});

test("events are put and got, and what is not there is its own class", async (t) => {
  const { logGroupName } = await group(t);
  await assert.rejects(logs.send(new CreateLogGroupCommand({ logGroupName })), ResourceAlreadyExistsException);
  const of = { logGroupName, logStreamName: "s" };
  await assert.rejects(logs.send(new GetLogEventsCommand(of)), ResourceNotFoundException);
  await logs.send(new CreateLogStreamCommand(of));
  const logEvents = [{ timestamp: Date.now(), message: "one" }];
  await logs.send(new PutLogEventsCommand({ ...of, logEvents }));
  const got = await logs.send(new GetLogEventsCommand({ ...of, startFromHead: true }));
  assert.deepEqual(got.events.map((event) => event.message), ["one"]);
});
