// Seed 003 whole: rule, state machine, both functions and the table; its handler and its definition as the tutorial has them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import {
  DeleteRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import { CreateFunctionCommand, DeleteFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  SFNClient,
} from "@aws-sdk/client-sfn";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";

import { events, name, sts } from "./door.mjs";
import { machine } from "./seed003_machine.mjs";

const dynamodb = new DynamoDBClient({ maxAttempts: 1 });
const lambda = new LambdaClient({ maxAttempts: 1 });
const sfn = new SFNClient({ maxAttempts: 1 });

const TABLE = "GenesysProcessedEvents";
/** `SEED003_EVENTS=10000 cargo xtask clients node -- seed003.test.mjs` is the tutorial's own number. */
const EVENTS = Number(process.env.SEED003_EVENTS ?? 30);
/** Events that are put at once; more are put when half as many executions run: each runs a process for itself. */
const AT_A_TIME = 6;

/** A function of this folder, which has the SDK 2 that the handler imports. */
async function worker(t, FunctionName, file, Role) {
  const Code = { S3Bucket: "hot-reload", S3Key: process.cwd() };
  const settings = { Runtime: "nodejs20.x", Handler: `${file}.handler`, Timeout: 30, MemorySize: 512 };
  await lambda.send(new CreateFunctionCommand({ FunctionName, Role, Code, ...settings }));
  t.after(() => lambda.send(new DeleteFunctionCommand({ FunctionName })));
}

async function scan() {
  const ids = [];
  for (let ExclusiveStartKey; ; ) {
    const page = await dynamodb.send(new ScanCommand({ TableName: TABLE, ConsistentRead: true, ExclusiveStartKey }));
    ids.push(...page.Items.map((item) => item.interactionId.S));
    if (!(ExclusiveStartKey = page.LastEvaluatedKey)) return ids;
  }
}

test("each interaction is one item, from single events and from batches", async (t) => {
  const { Account } = await sts.send(new GetCallerIdentityCommand({}));
  const role = `arn:aws:iam::${Account}:role/tutorial`;
  await dynamodb.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [{ AttributeName: "interactionId", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "interactionId", AttributeType: "S" }],
    }),
  );
  t.after(() => dynamodb.send(new DeleteTableCommand({ TableName: TABLE })));
  await worker(t, "GenesysEventValidator", "seed003_validator", role);
  await worker(t, "GenesysEventProcessor", "seed003_processor", role);
  const definition = JSON.stringify(machine).replaceAll(":123456789012:", `:${Account}:`);
  const made = await sfn.send(
    new CreateStateMachineCommand({ name: name("workflow"), definition, roleArn: role, type: "STANDARD" }),
  );
  const { stateMachineArn } = made;
  t.after(() => sfn.send(new DeleteStateMachineCommand({ stateMachineArn })));
  const Rule = name("GenesysEventTrigger");
  const source = name("genesys.cloud");
  const EventPattern = JSON.stringify({
    source: [source],
    "detail-type": ["Interaction Updated", "Conversation Updated"],
  });
  await events.send(new PutRuleCommand({ Name: Rule, EventPattern, State: "ENABLED", EventBusName: "default" }));
  const InputTransformer = {
    InputPathsMap: { interactionId: "$.detail.interactionId", details: "$.detail" },
    InputTemplate: '{"interactionId": <interactionId>, "details": <details>}',
  };
  const Targets = [{ Id: "1", Arn: stateMachineArn, RoleArn: role, InputTransformer }];
  await events.send(new PutTargetsCommand({ Rule, Targets }));
  t.after(async () => {
    await events.send(new RemoveTargetsCommand({ Rule, Ids: ["1"] }));
    await events.send(new DeleteRuleCommand({ Name: Rule }));
  });
  const entry = (detail) => ({ Source: source, DetailType: "Interaction Updated", Detail: JSON.stringify(detail) });
  // Every interaction comes twice, and the key takes the second for the first.
  const singles = Array.from({ length: EVENTS }, (_, number) => entry({ interactionId: `i-${number % (EVENTS / 2)}` }));
  const items = Array.from({ length: 12 }, (_, number) => ({ interactionId: `b-${number}` }));
  const executions = async (statusFilter) => {
    const all = [];
    for (let nextToken; ; ) {
      const page = await sfn.send(new ListExecutionsCommand({ stateMachineArn, statusFilter, nextToken }));
      all.push(...page.executions.map((execution) => execution.executionArn));
      if (!(nextToken = page.nextToken)) return all;
    }
  };
  const all = [...singles, entry({ interactionId: "batch", items })];
  const end = Date.now() + 180_000 + EVENTS * 1_000;
  for (let at = 0; at < all.length; at += AT_A_TIME) {
    const Entries = all.slice(at, at + AT_A_TIME);
    assert.equal((await events.send(new PutEventsCommand({ Entries }))).FailedEntryCount, 0);
    // An execution is there when its event is acknowledged; of the last ones all must have ended.
    const most = at + Entries.length < all.length ? AT_A_TIME / 2 : 0;
    while ((await executions("RUNNING")).length > most) {
      const [executionArn] = await executions("FAILED");
      if (executionArn) {
        const { events: history } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }));
        assert.fail(JSON.stringify(history));
      }
      assert.ok(Date.now() < end, "the executions do not end");
      await new Promise((done) => setTimeout(done, 50));
    }
  }
  assert.deepEqual(await executions("FAILED"), []);
  const wanted = [...Array(EVENTS / 2).keys()].map((number) => `i-${number}`);
  wanted.push(...items.map((item) => item.interactionId));
  assert.deepEqual((await scan()).sort(), wanted.sort());
});
