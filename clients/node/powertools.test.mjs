// Powertools for TypeScript in a function of Trunkline's: each order's effect comes once, however often it is sent.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FilterLogEventsCommand, CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  DeleteEventSourceMappingCommand,
  DeleteFunctionCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  PublishLayerVersionCommand,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
} from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient, ScanCommand } from "@aws-sdk/lib-dynamodb";

import { name, sqs } from "./door.mjs";

const lambda = new LambdaClient({ maxAttempts: 1 });
const dynamodb = new DynamoDBClient({ maxAttempts: 1 });
const documents = DynamoDBDocumentClient.from(dynamodb);
const logs = new CloudWatchLogsClient({ maxAttempts: 1 });

async function table(t, key) {
  const TableName = name("table");
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [{ AttributeName: key, KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: key, AttributeType: "S" }],
    }),
  );
  t.after(() => dynamodb.send(new DeleteTableCommand({ TableName })));
  await waitUntilTableExists({ client: dynamodb, maxWaitTime: 30 }, { TableName });
  return TableName;
}

/** A function of this folder, which has node_modules, with its two tables. */
async function worker(t, handler) {
  const [KEYS, EFFECTS] = [await table(t, "id"), await table(t, "pk")];
  const FunctionName = name("function");
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: "nodejs20.x",
      Role: "arn:aws:iam::000000000000:role/r",
      Handler: `powertools_handler.${handler}`,
      Code: { S3Bucket: "hot-reload", S3Key: process.cwd() },
      Timeout: 30,
      MemorySize: 512,
      Environment: { Variables: { KEYS, EFFECTS } },
    }),
  );
  t.after(() => lambda.send(new DeleteFunctionCommand({ FunctionName })));
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 10 }, { FunctionName });
  return { FunctionName, KEYS, EFFECTS };
}

async function until(what, holds) {
  for (const end = Date.now() + 120_000; Date.now() < end; ) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail(`${what} did not come`);
}

async function effects(TableName) {
  const { Items } = await documents.send(new ScanCommand({ TableName, ConsistentRead: true }));
  return new Map(Items.map((item) => [item.pk, item.times]));
}

const completed = async (TableName) =>
  (await documents.send(new ScanCommand({ TableName, ConsistentRead: true }))).Items.filter(
    (item) => item.status === "COMPLETED",
  ).length;

test("a queue's duplicates have one effect, and one bad message costs only itself", async (t) => {
  const { FunctionName, KEYS, EFFECTS } = await worker(t, "ofQueue");
  const arn = async (QueueUrl) =>
    (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }))).Attributes.QueueArn;
  const Attributes = { VisibilityTimeout: "30" };
  const QueueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: name("orders"), Attributes }))).QueueUrl;
  t.after(() => sqs.send(new DeleteQueueCommand({ QueueUrl })));
  const orders = Array.from({ length: 30 }, (_, number) => ({ order: `o${number % 10}` }));
  orders.push({ order: "bad", bad: true });
  for (let at = 0; at < orders.length; at += 10) {
    const Entries = orders
      .slice(at, at + 10)
      .map((order, number) => ({ Id: `m${number}`, MessageBody: JSON.stringify(order) }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }
  const mapping = await lambda.send(
    new CreateEventSourceMappingCommand({
      FunctionName,
      EventSourceArn: await arn(QueueUrl),
      BatchSize: 10,
      ScalingConfig: { MaximumConcurrency: 2 },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    }),
  );
  t.after(() => lambda.send(new DeleteEventSourceMappingCommand({ UUID: mapping.UUID })));
  await until("ten orders", async () => (await completed(KEYS)) === 10);
  const all = await effects(EFFECTS);
  assert.deepEqual([...all.values()], Array(10).fill(1));
  const logGroupName = `/aws/lambda/${FunctionName}`;
  await until("the logger's lines", async () => {
    const found = await logs.send(new FilterLogEventsCommand({ logGroupName, filterPattern: '"worked"' }));
    const line = found.events?.[0] && JSON.parse(found.events[0].message);
    return line?.service === "orders" && line.function_name === FunctionName;
  });
});

test("an asynchronous function's duplicates have one effect", async (t) => {
  const { FunctionName, KEYS, EFFECTS } = await worker(t, "ofEvent");
  for (let number = 0; number < 12; number += 1) {
    const Payload = JSON.stringify({ order: `o${number % 4}` });
    await lambda.send(new InvokeCommand({ FunctionName, InvocationType: "Event", Payload }));
  }
  await until("four orders", async () => (await completed(KEYS)) === 4);
  assert.deepEqual([...(await effects(EFFECTS)).values()], [1, 1, 1, 1]);
});

test("the SDK reads an answer in parts, and publishes a layer", async (t) => {
  const { FunctionName } = await worker(t, "ofEvent");
  const command = new InvokeWithResponseStreamCommand({ FunctionName, Payload: JSON.stringify({ order: "one" }) });
  const parts = [];
  let ended;
  for await (const event of (await lambda.send(command)).EventStream) {
    if (event.PayloadChunk) parts.push(new TextDecoder().decode(event.PayloadChunk.Payload));
    if (event.InvokeComplete) ended = event.InvokeComplete;
  }
  assert.deepEqual([JSON.parse(parts.join("")), ended.ErrorCode], [{ order: "one" }, undefined]);
  // The smallest zip there is: the end of a directory without entries.
  const ZipFile = Uint8Array.from([0x50, 0x4b, 5, 6, ...Array(18).fill(0)]);
  const made = await lambda.send(new PublishLayerVersionCommand({ LayerName: name("layer"), Content: { ZipFile } }));
  assert.match(made.LayerVersionArn, /:layer:layer-[0-9a-f]+:1$/);
});
