// The other operations of EventBridge on buses, rules, archives and partners through AWS's SDK for JavaScript v3, each in the life of what it is about.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ActivateEventSourceCommand,
  CancelReplayCommand,
  CreateArchiveCommand,
  CreateEventBusCommand,
  CreatePartnerEventSourceCommand,
  DeactivateEventSourceCommand,
  DeleteArchiveCommand,
  DeleteEventBusCommand,
  DeletePartnerEventSourceCommand,
  DeleteRuleCommand,
  DescribeArchiveCommand,
  DescribeEventBusCommand,
  DescribeEventSourceCommand,
  DescribePartnerEventSourceCommand,
  DescribeReplayCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  IllegalStatusException,
  ListArchivesCommand,
  ListEventBusesCommand,
  ListEventSourcesCommand,
  ListPartnerEventSourceAccountsCommand,
  ListPartnerEventSourcesCommand,
  ListReplaysCommand,
  ListRuleNamesByTargetCommand,
  ListRulesCommand,
  ListTagsForResourceCommand,
  ManagedRuleException,
  PutEventsCommand,
  PutPartnerEventsCommand,
  PutPermissionCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemovePermissionCommand,
  RemoveTargetsCommand,
  ResourceNotFoundException,
  StartReplayCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateArchiveCommand,
  UpdateEventBusCommand,
} from "@aws-sdk/client-eventbridge";
import { CreateQueueCommand, DeleteQueueCommand, GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";

import { events, name, receive, sqs, sts } from "./door.mjs";

const account = async () => (await sts.send(new GetCallerIdentityCommand({}))).Account;

/** What tests have to undo, in the order in which it was done. */
const toUndo = new WeakMap();

/** Undoes `how` after the test, the last first: Node itself would begin with the first, the bus before its rules. */
function undone(t, how) {
  if (!toUndo.has(t)) {
    toUndo.set(t, []);
    t.after(async () => {
      for (const one of toUndo.get(t).reverse()) await one();
    });
  }
  toUndo.get(t).push(how);
}

/** A bus with a name of its own, gone after the test; its name and its ARN. */
async function bus(t, input = {}) {
  const Name = input.Name ?? name("bus");
  const { EventBusArn } = await events.send(new CreateEventBusCommand({ ...input, Name }));
  undone(t, () => events.send(new DeleteEventBusCommand({ Name })));
  return { Name, Arn: EventBusArn };
}

/** A queue behind a rule that takes all of a source's events, both gone after the test. */
async function taken(t, EventBusName, source) {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name("queue") }));
  undone(t, () => sqs.send(new DeleteQueueCommand({ QueueUrl })));
  const answer = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
  const Rule = name("rule");
  const EventPattern = JSON.stringify({ source: [source] });
  const { RuleArn } = await events.send(new PutRuleCommand({ Name: Rule, EventBusName, EventPattern }));
  const Targets = [{ Id: "queue", Arn: answer.Attributes.QueueArn }];
  await events.send(new PutTargetsCommand({ Rule, EventBusName, Targets }));
  undone(t, async () => {
    await events.send(new RemoveTargetsCommand({ Rule, EventBusName, Ids: ["queue"] }));
    await events.send(new DeleteRuleCommand({ Name: Rule, EventBusName }));
  });
  return { Rule, RuleArn, url: QueueUrl, arn: Targets[0].Arn };
}

test("a bus is changed, shared and listed", async (t) => {
  const { Name, Arn } = await bus(t, { Description: "one", LogConfig: { Level: "ERROR", IncludeDetail: "NONE" } });
  await events.send(new UpdateEventBusCommand({ Name, Description: "two" }));
  const permission = { EventBusName: Name, StatementId: "all", Principal: "*", Action: "events:PutEvents" };
  await events.send(new PutPermissionCommand(permission));
  const described = await events.send(new DescribeEventBusCommand({ Name }));
  assert.equal(described.Description, "two");
  assert.deepEqual(described.LogConfig, { Level: "ERROR", IncludeDetail: "NONE" });
  assert.equal(JSON.parse(described.Policy).Statement[0].Resource, Arn);
  await events.send(new RemovePermissionCommand({ EventBusName: Name, StatementId: "all" }));
  const { EventBuses } = await events.send(new ListEventBusesCommand({ NamePrefix: Name }));
  assert.deepEqual(EventBuses.map((one) => [one.Arn, one.Policy]), [[Arn, undefined]]);
});

test("a rule is tagged, switched and found by its target", async (t) => {
  const { Name: EventBusName } = await bus(t);
  const { Rule, RuleArn, arn } = await taken(t, EventBusName, "shop");
  const Tags = [{ Key: "team", Value: "a" }, { Key: "stage", Value: "test" }];
  await events.send(new TagResourceCommand({ ResourceARN: RuleArn, Tags }));
  await events.send(new UntagResourceCommand({ ResourceARN: RuleArn, TagKeys: ["stage"] }));
  const tagged = await events.send(new ListTagsForResourceCommand({ ResourceARN: RuleArn }));
  assert.deepEqual(tagged.Tags, Tags.slice(0, 1));
  for (const [command, state] of [[DisableRuleCommand, "DISABLED"], [EnableRuleCommand, "ENABLED"]]) {
    await events.send(new command({ Name: Rule, EventBusName }));
    const { Rules } = await events.send(new ListRulesCommand({ EventBusName }));
    assert.deepEqual(Rules.map((one) => [one.Name, one.State]), [[Rule, state]]);
  }
  const { RuleNames } = await events.send(new ListRuleNamesByTargetCommand({ TargetArn: arn, EventBusName }));
  assert.deepEqual(RuleNames, [Rule]);
});

test("an archive keeps events, and a replay sends them again", async (t) => {
  const { Name: EventBusName, Arn } = await bus(t);
  const { url } = await taken(t, EventBusName, "shop");
  const ArchiveName = name("archive");
  const { ArchiveArn } = await events.send(new CreateArchiveCommand({ ArchiveName, EventSourceArn: Arn }));
  undone(t, () => events.send(new DeleteArchiveCommand({ ArchiveName })));
  await events.send(new UpdateArchiveCommand({ ArchiveName, RetentionDays: 3 }));
  const managed = { Name: `Events-Archive-${ArchiveName}`, EventBusName };
  assert.equal((await events.send(new DescribeRuleCommand(managed))).ManagedBy, "prod.vhs.events.aws.internal");
  await assert.rejects(events.send(new DeleteRuleCommand(managed)), ManagedRuleException);

  const entry = { EventBusName, Source: "shop", DetailType: "order", Detail: '{"n": 1}' };
  await events.send(new PutEventsCommand({ Entries: [entry] }));
  await receive(url);
  const described = await events.send(new DescribeArchiveCommand({ ArchiveName }));
  assert.deepEqual([described.RetentionDays, described.EventCount], [3, 1]);
  const listed = await events.send(new ListArchivesCommand({ NamePrefix: ArchiveName }));
  assert.deepEqual(listed.Archives.map((one) => one.ArchiveName), [ArchiveName]);

  const ReplayName = name("replay");
  const start = {
    ReplayName,
    EventSourceArn: ArchiveArn,
    EventStartTime: new Date(Date.now() - 3_600_000),
    EventEndTime: new Date(Date.now() + 3_600_000),
    Destination: { Arn },
  };
  await events.send(new StartReplayCommand(start));
  const [message] = await receive(url);
  assert.equal(JSON.parse(message.Body)["replay-name"], ReplayName);
  const replay = async () => (await events.send(new DescribeReplayCommand({ ReplayName }))).State;
  for (let tries = 0; tries < 1_000 && (await replay()) !== "COMPLETED"; tries += 1);
  assert.equal(await replay(), "COMPLETED");
  const { Replays } = await events.send(new ListReplaysCommand({ NamePrefix: ReplayName }));
  assert.deepEqual(Replays.map((one) => one.State), ["COMPLETED"]);
  await assert.rejects(events.send(new CancelReplayCommand({ ReplayName })), IllegalStatusException);
  await assert.rejects(events.send(new CancelReplayCommand({ ReplayName: name("none") })), ResourceNotFoundException);
});

test("a partner offers a source, and its events arrive while it is active", async (t) => {
  const Account = await account();
  const source = `aws.partner/example.com/${name("shop")}`;
  const create = { Name: source, EventSourceName: source };
  await assert.rejects(events.send(new CreateEventBusCommand(create)), ResourceNotFoundException);
  await events.send(new CreatePartnerEventSourceCommand({ Name: source, Account }));
  undone(t, () => events.send(new DeletePartnerEventSourceCommand({ Name: source, Account })));
  assert.equal((await events.send(new DescribePartnerEventSourceCommand({ Name: source }))).Name, source);
  assert.equal((await events.send(new DescribeEventSourceCommand({ Name: source }))).State, "PENDING");
  await bus(t, create);
  const { url } = await taken(t, source, source);
  const send = (n) => {
    const Entries = [{ Source: source, DetailType: "order", Detail: JSON.stringify({ n }) }];
    return events.send(new PutPartnerEventsCommand({ Entries }));
  };
  await events.send(new DeactivateEventSourceCommand({ Name: source }));
  assert.equal((await send(1)).FailedEntryCount, 0);
  await events.send(new ActivateEventSourceCommand({ Name: source }));
  await send(2);
  const [message] = await receive(url);
  assert.deepEqual(JSON.parse(message.Body).detail, { n: 2 });
  const listed = await events.send(new ListEventSourcesCommand({ NamePrefix: source }));
  assert.deepEqual(listed.EventSources.map((one) => one.State), ["ACTIVE"]);
  const offered = await events.send(new ListPartnerEventSourcesCommand({ NamePrefix: source }));
  assert.deepEqual(offered.PartnerEventSources.map((one) => one.Name), [source]);
  const accounts = await events.send(new ListPartnerEventSourceAccountsCommand({ EventSourceName: source }));
  assert.deepEqual(accounts.PartnerEventSourceAccounts.map((one) => one.Account), [Account]);
});
