// The whole way through AWS's SDK for JavaScript v3: bus, rule, target, event, queue, and the errors as its classes.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  CreateEventBusCommand,
  DeleteEventBusCommand,
  DeleteRuleCommand,
  DescribeRuleCommand,
  InvalidEventPatternException,
  ListEndpointsCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  ResourceAlreadyExistsException,
  ResourceNotFoundException,
  TestEventPatternCommand,
} from "@aws-sdk/client-eventbridge";
import {
  BatchEntryIdsNotDistinct,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  QueueDoesNotExist,
  QueueNameExists,
  ReceiptHandleIsInvalid,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";

import { events, name, receive, sqs, sts } from "./door.mjs";

async function queue(t, Attributes) {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name("queue"), Attributes }));
  t.after(() => sqs.send(new DeleteQueueCommand({ QueueUrl })));
  const answer = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
  return { url: QueueUrl, arn: answer.Attributes.QueueArn };
}

test("the caller has an account", async () => {
  const identity = await sts.send(new GetCallerIdentityCommand({}));
  assert.match(identity.Account, /^\d{12}$/);
});

test("an event goes from the bus through the rule to the queue", async (t) => {
  const { url, arn } = await queue(t);
  const EventBusName = name("bus");
  await events.send(new CreateEventBusCommand({ Name: EventBusName }));
  t.after(() => events.send(new DeleteEventBusCommand({ Name: EventBusName })));
  const Rule = name("rule");
  const EventPattern = JSON.stringify({ detail: { routing: { queueId: ["q-1"] } } });
  await events.send(new PutRuleCommand({ Name: Rule, EventBusName, EventPattern }));
  const Targets = [{ Id: "a", Arn: arn }];
  const put = await events.send(new PutTargetsCommand({ Rule, EventBusName, Targets }));
  assert.equal(put.FailedEntryCount, 0);
  const listed = await events.send(new ListTargetsByRuleCommand({ Rule, EventBusName }));
  assert.deepEqual(listed.Targets, Targets);

  const detail = { routing: { queueId: "q-1" }, name: "Grüße 🎉" };
  const entry = (one) => ({ EventBusName, Source: "genesys.cloud", DetailType: "conversation.end", Detail: one });
  const Entries = [entry(JSON.stringify(detail)), entry("{"), entry('{"routing": {"queueId": "q-2"}}')];
  const answer = await events.send(new PutEventsCommand({ Entries }));
  assert.equal(answer.FailedEntryCount, 1);
  assert.equal(answer.Entries[1].ErrorCode, "MalformedDetail");
  const [message] = await receive(url);
  const event = JSON.parse(message.Body);
  assert.equal(event.id, answer.Entries[0].EventId);
  assert.deepEqual(event.detail, detail);
  await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle }));
  const after = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url }));
  assert.equal(after.Messages, undefined);

  await events.send(new RemoveTargetsCommand({ Rule, EventBusName, Ids: ["a"] }));
  await events.send(new DeleteRuleCommand({ Name: Rule, EventBusName }));
  await assert.rejects(events.send(new DescribeRuleCommand({ Name: Rule, EventBusName })), ResourceNotFoundException);
});

test("EventBridge's errors are the SDK's classes", async (t) => {
  const Name = name("bus");
  await events.send(new CreateEventBusCommand({ Name }));
  t.after(() => events.send(new DeleteEventBusCommand({ Name })));
  await assert.rejects(events.send(new CreateEventBusCommand({ Name })), ResourceAlreadyExistsException);
  const bad = new PutRuleCommand({ Name: name("rule"), EventPattern: '{"source": "x"}' });
  await assert.rejects(events.send(bad), InvalidEventPatternException);
  const none = new PutRuleCommand({ Name: name("rule"), EventBusName: name("none"), EventPattern: '{"source": ["x"]}' });
  await assert.rejects(events.send(none), ResourceNotFoundException);
  const unnamed = new PutRuleCommand({ Name: "no spaces", EventPattern: '{"source": ["x"]}' });
  await assert.rejects(events.send(unnamed), { name: "ValidationException" });
});

test("a pattern is tried", async () => {
  const Event = JSON.stringify({
    id: "1",
    account: "123456789012",
    source: "genesys.cloud",
    time: "2026-01-02T03:04:05Z",
    region: "us-east-1",
    resources: [],
    "detail-type": "conversation.end",
    detail: { n: 2 },
  });
  for (const [value, wanted] of [[2, true], [3, false]]) {
    const EventPattern = JSON.stringify({ detail: { n: [value] } });
    const answer = await events.send(new TestEventPatternCommand({ EventPattern, Event }));
    assert.equal(answer.Result, wanted);
  }
});

test("messages travel with their attributes", async (t) => {
  const { url } = await queue(t);
  const MessageAttributes = {
    text: { DataType: "String", StringValue: "é" },
    raw: { DataType: "Binary", BinaryValue: new Uint8Array([0, 255, 1]) },
  };
  const send = new SendMessageCommand({ QueueUrl: url, MessageBody: "x", MessageAttributes });
  const sent = await sqs.send(send);
  const [message] = await receive(url, 1, { MessageAttributeNames: ["All"] });
  assert.equal(message.MD5OfMessageAttributes, sent.MD5OfMessageAttributes);
  assert.equal(message.MessageAttributes.text.StringValue, "é");
  assert.deepEqual([...message.MessageAttributes.raw.BinaryValue], [0, 255, 1]);
});

test("batches are sent and deleted, and one bad entry fails alone", async (t) => {
  const { url } = await queue(t);
  const bodies = Array.from({ length: 9 }, (_, n) => ({ Id: `e${n}`, MessageBody: `${n}` }));
  const Entries = [...bodies, { Id: "late", MessageBody: "x", DelaySeconds: 901 }];
  const sent = await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
  assert.equal(sent.Successful.length, 9);
  assert.deepEqual(sent.Failed.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault]), [
    ["late", "InvalidParameterValue", true],
  ]);
  const messages = await receive(url, 9);
  const handles = messages.map(({ ReceiptHandle }, n) => ({ Id: `d${n}`, ReceiptHandle }));
  const deleted = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries: handles }));
  assert.equal(deleted.Successful.length, 9);
});

test("SQS's errors are the SDK's classes", async (t) => {
  const { url } = await queue(t, { VisibilityTimeout: "7" });
  const QueueName = url.split("/").at(-1);
  const other = new CreateQueueCommand({ QueueName, Attributes: { VisibilityTimeout: "8" } });
  await assert.rejects(sqs.send(other), QueueNameExists);
  const none = new SendMessageCommand({ QueueUrl: `${url}-none`, MessageBody: "x" });
  await assert.rejects(sqs.send(none), QueueDoesNotExist);
  const handle = new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle: "none", VisibilityTimeout: 1 });
  await assert.rejects(sqs.send(handle), ReceiptHandleIsInvalid);
  const Entries = [
    { Id: "a", MessageBody: "x" },
    { Id: "a", MessageBody: "y" },
  ];
  await assert.rejects(sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries })), BatchEntryIdsNotDistinct);
});

test("what is not served is named", async () => {
  const command = new ListEndpointsCommand({ NamePrefix: "a" });
  await assert.rejects(events.send(command), (error) => {
    assert.equal(error.name, "UnknownOperationException");
    assert.match(error.message, /ListEndpoints/);
    return true;
  });
});

test("a long poll is answered when a message comes", async (t) => {
  const { url } = await queue(t);
  const waiting = sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 20 }));
  const empty = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 1 }));
  assert.equal(empty.Messages, undefined);
  const start = process.hrtime.bigint();
  await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "wake up" }));
  const answer = await waiting;
  assert.equal(answer.Messages.length, 1);
  assert.ok(process.hrtime.bigint() - start < 2_000_000_000n);
});
