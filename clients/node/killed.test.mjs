// Powertools' idempotency over a queue, and a kill in the middle of a batch: each order's effect comes once.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
} from "@aws-sdk/client-lambda";
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient, PutCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";

import { BINARY, ownServer } from "./own_server.mjs";

async function until(what, holds) {
  for (const end = Date.now() + 300_000; Date.now() < end; ) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail(`${what} did not come`);
}

test("what was done before a kill is not done again", { skip: !BINARY }, async (t) => {
  const server = await ownServer(t);
  const options = { endpoint: server.endpoint };
  const [dynamodb, lambda, sqs] = [new DynamoDBClient(options), new LambdaClient(options), new SQSClient(options)];
  const documents = DynamoDBDocumentClient.from(dynamodb);
  const table = (TableName, AttributeName) =>
    dynamodb.send(
      new CreateTableCommand({
        TableName,
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [{ AttributeName, KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName, AttributeType: "S" }],
      }),
    );
  const items = async (TableName) =>
    (await documents.send(new ScanCommand({ TableName, ConsistentRead: true }))).Items;
  await table("keys", "id");
  await table("effects", "pk");
  // One batch at a time: what a kill hits is known. It ends before its messages are seen again.
  const FunctionName = "orders";
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: "nodejs20.x",
      Role: "arn:aws:iam::000000000000:role/r",
      Handler: "powertools_handler.ofQueue",
      Code: { S3Bucket: "hot-reload", S3Key: process.cwd() },
      Timeout: 60,
      MemorySize: 512,
      Environment: { Variables: { KEYS: "keys", EFFECTS: "effects" } },
    }),
  );
  await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 1 }));
  const Attributes = { VisibilityTimeout: "60" };
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "orders", Attributes }));
  const send = async (orders) => {
    for (let at = 0; at < orders.length; at += 10) {
      const some = orders.slice(at, at + 10);
      const Entries = some.map((order, number) => ({ Id: `m${number}`, MessageBody: JSON.stringify(order) }));
      await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    }
  };
  const attributes = async (...AttributeNames) =>
    (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }))).Attributes;
  // All of them are there before the mapping is: they are one batch. The last one holds it up when the others are done.
  const first = Array.from({ length: 5 }, (_, number) => ({ order: `o${number % 3}` }));
  await send([...first, { order: "slow", waits: true }]);
  await lambda.send(
    new CreateEventSourceMappingCommand({
      FunctionName,
      EventSourceArn: (await attributes("QueueArn")).QueueArn,
      BatchSize: 10,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    }),
  );
  const completed = async () => (await items("keys")).filter((item) => item.status === "COMPLETED").length;
  await until("the slow order", async () => (await items("effects")).some((item) => item.pk === "begun"));
  await until("the other orders", async () => (await completed()) === 3);
  await server.kill();
  await server.start();
  await documents.send(new PutCommand({ TableName: "effects", Item: { pk: "gate" } }));
  await send(Array.from({ length: 16 }, (_, number) => ({ order: `o${number % 8}` })));
  await until("nine orders", async () => (await completed()) === 9);
  await until("an empty queue", async () => {
    const found = await attributes("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible");
    return Object.values(found).every((count) => count === "0");
  });
  const times = (await items("effects")).filter((item) => item.times !== undefined);
  const found = times.map((item) => `${item.pk} ${item.times}`).sort();
  assert.deepEqual(found, [...Array.from({ length: 8 }, (_, number) => `o${number} 1`), "slow 1"]);
});
