// Step Functions through AWS's SDK for JavaScript v3: every operation that the SDK knows, which the last test compares with the SDK's own list.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import * as sdk from "@aws-sdk/client-sfn";

import { name } from "./door.mjs";

// StartSyncExecution and TestState would go to a host that begins with `sync-`.
const sfn = new sdk.SFNClient({ maxAttempts: 1, disableHostPrefix: true });
const sent = new Set();

/** Sends an operation by its name. */
async function call(operation, input = {}) {
  sent.add(operation);
  return sfn.send(new sdk[`${operation}Command`](input));
}

const roleArn = "arn:aws:iam::123456789012:role/states";
const PASS = { StartAt: "P", States: { P: { Type: "Pass", End: true } } };
const made = [];

async function machine(definition = PASS, options = {}) {
  const asked = { name: name("machine"), definition: JSON.stringify(definition), roleArn, ...options };
  const { stateMachineArn } = await call("CreateStateMachine", asked);
  made.push(stateMachineArn);
  return stateMachineArn;
}

async function start(stateMachineArn, input = {}) {
  return (await call("StartExecution", { stateMachineArn, input: JSON.stringify(input) })).executionArn;
}

/** Asks until the execution has ended, or what is waited for has come. */
async function until(ask, has) {
  const end = Date.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (has(answer)) return answer;
    assert.ok(Date.now() < end, JSON.stringify(answer));
    await new Promise((done) => setTimeout(done, 20));
  }
}

const ended = (executionArn) =>
  until(() => call("DescribeExecution", { executionArn }), ({ status }) => status !== "RUNNING");

after(() => Promise.all(made.map((stateMachineArn) => call("DeleteStateMachine", { stateMachineArn }))));

test("machines, versions, aliases, tags", async () => {
  const stateMachineArn = await machine();
  const definition = JSON.stringify({ ...PASS, Comment: "other" });
  assert.equal((await call("ValidateStateMachineDefinition", { definition })).result, "OK");
  await call("UpdateStateMachine", { stateMachineArn, definition });
  assert.equal((await call("DescribeStateMachine", { stateMachineArn })).definition, definition);
  const { stateMachines } = await call("ListStateMachines", { maxResults: 1000 });
  assert.ok(stateMachines.some((one) => one.stateMachineArn === stateMachineArn));
  const { stateMachineVersionArn } = await call("PublishStateMachineVersion", { stateMachineArn });
  const versions = await call("ListStateMachineVersions", { stateMachineArn });
  assert.deepEqual(versions.stateMachineVersions.map((one) => one.stateMachineVersionArn), [stateMachineVersionArn]);
  const routingConfiguration = [{ stateMachineVersionArn, weight: 100 }];
  const { stateMachineAliasArn } = await call("CreateStateMachineAlias", { name: "live", routingConfiguration });
  await call("UpdateStateMachineAlias", { stateMachineAliasArn, description: "changed" });
  assert.equal((await call("DescribeStateMachineAlias", { stateMachineAliasArn })).description, "changed");
  assert.equal((await call("ListStateMachineAliases", { stateMachineArn })).stateMachineAliases.length, 1);
  assert.equal((await ended(await start(stateMachineAliasArn))).stateMachineVersionArn, stateMachineVersionArn);
  await call("DeleteStateMachineAlias", { stateMachineAliasArn });
  await call("DeleteStateMachineVersion", { stateMachineVersionArn });
  await call("TagResource", { resourceArn: stateMachineArn, tags: [{ key: "a", value: "1" }, { key: "b", value: "2" }] });
  await call("UntagResource", { resourceArn: stateMachineArn, tagKeys: ["a"] });
  const { tags } = await call("ListTagsForResource", { resourceArn: stateMachineArn });
  assert.deepEqual(tags, [{ key: "b", value: "2" }]);
});

test("executions: stopped, redriven, told", async () => {
  const wait = { StartAt: "W", States: { W: { Type: "Wait", Seconds: 600, End: true } } };
  const stateMachineArn = await machine(wait);
  const executionArn = await start(stateMachineArn);
  assert.equal((await call("DescribeStateMachineForExecution", { executionArn })).definition, JSON.stringify(wait));
  await call("StopExecution", { executionArn, error: "Enough" });
  assert.equal((await ended(executionArn)).status, "ABORTED");
  assert.ok((await call("RedriveExecution", { executionArn })).redriveDate instanceof Date);
  const { executions } = await call("ListExecutions", { stateMachineArn, statusFilter: "RUNNING" });
  assert.deepEqual(executions.map((one) => [one.executionArn, one.redriveCount]), [[executionArn, 1]]);
  await call("StopExecution", { executionArn });
  const { events } = await call("GetExecutionHistory", { executionArn });
  assert.ok(events[0].timestamp instanceof Date);
  assert.ok(events.some((event) => event.executionRedrivenEventDetails?.redriveCount === 1));
});

test("activities and their tokens", async () => {
  const { activityArn } = await call("CreateActivity", { name: name("activity") });
  assert.ok((await call("DescribeActivity", { activityArn })).creationDate instanceof Date);
  assert.ok((await call("ListActivities", { maxResults: 1000 })).activities.some((one) => one.activityArn === activityArn));
  const stateMachineArn = await machine({ StartAt: "T", States: { T: { Type: "Task", Resource: activityArn, End: true } } });
  const failing = await start(stateMachineArn, { n: 1 });
  const first = await call("GetActivityTask", { activityArn, workerName: "w" });
  assert.equal(first.input, '{"n":1}');
  await call("SendTaskHeartbeat", { taskToken: first.taskToken });
  await call("SendTaskFailure", { taskToken: first.taskToken, error: "Tired" });
  assert.equal((await ended(failing)).error, "Tired");
  const succeeding = await start(stateMachineArn);
  const { taskToken } = await call("GetActivityTask", { activityArn });
  await call("SendTaskSuccess", { taskToken, output: "7" });
  assert.equal((await ended(succeeding)).output, "7");
  await assert.rejects(call("SendTaskSuccess", { taskToken, output: "7" }), sdk.TaskTimedOut);
  await assert.rejects(call("SendTaskSuccess", { taskToken: "of somebody else", output: "7" }), sdk.InvalidToken);
  await call("DeleteActivity", { activityArn });
});

test("map runs, and the redrive of what failed in one", async () => {
  const { activityArn } = await call("CreateActivity", { name: name("items") });
  const stateMachineArn = await machine({
    StartAt: "M",
    States: {
      M: {
        Type: "Map",
        ItemsPath: "$.items",
        MaxConcurrency: 1,
        End: true,
        ItemProcessor: {
          ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
          StartAt: "T",
          States: { T: { Type: "Task", Resource: activityArn, End: true } },
        },
      },
    },
  });
  const executionArn = await start(stateMachineArn, { items: [1, 2] });
  const task = await call("GetActivityTask", { activityArn });
  const { mapRuns } = await call("ListMapRuns", { executionArn });
  const { mapRunArn } = mapRuns[0];
  await call("UpdateMapRun", { mapRunArn, maxConcurrency: 2 });
  await call("SendTaskSuccess", { taskToken: task.taskToken, output: "1" });
  const { taskToken } = await call("GetActivityTask", { activityArn });
  await call("SendTaskFailure", { taskToken, error: "Broken" });
  assert.equal((await ended(executionArn)).status, "FAILED");
  await call("RedriveExecution", { executionArn });
  const again = await call("GetActivityTask", { activityArn });
  assert.equal(again.input, "2");
  await call("SendTaskSuccess", { taskToken: again.taskToken, output: "2" });
  assert.deepEqual(JSON.parse((await ended(executionArn)).output), [1, 2]);
  const run = await call("DescribeMapRun", { mapRunArn });
  assert.deepEqual([run.status, run.redriveCount, run.itemCounts.succeeded], ["SUCCEEDED", 1, 2]);
  await call("DeleteActivity", { activityArn });
});

test("callers that wait", async () => {
  const stateMachineArn = await machine(PASS, { type: "EXPRESS" });
  const answer = await call("StartSyncExecution", { stateMachineArn, input: '{"n": 1}' });
  assert.deepEqual([answer.status, JSON.parse(answer.output)], ["SUCCEEDED", { n: 1 }]);
  const state = { Type: "Pass", Result: 3, End: true };
  const tested = await call("TestState", { definition: JSON.stringify(state), roleArn, input: "{}" });
  assert.deepEqual([tested.status, tested.output], ["SUCCEEDED", "3"]);
});

test("no operation of the SDK was left out", () => {
  const all = Object.keys(sdk).flatMap((exported) => /^(\w+)Command$/.exec(exported)?.[1] ?? []);
  const missing = all.filter((operation) => !sent.has(operation) && operation !== "DeleteStateMachine");
  assert.ok(all.length >= 37, `${all.length} operations`);
  assert.deepEqual(missing, []);
});
