// What pages do beyond looking: each verb is done as a person does it, and what it did is seen through AWS's SDK.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { DescribeRuleCommand, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateStateMachineCommand, DescribeExecutionCommand, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { ReceiveMessageCommand, SendMessageCommand, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";

import { close, console_, count, does, end, endpoint, events, launch, named, open, put, queue, said, sfn, sqs } from "./fixture.mjs";

let made;

before(async () => {
  await launch();
  const orders = await queue(named("orders"));
  const rule = named("rule");
  await events.send(new PutRuleCommand({ Name: rule, EventPattern: JSON.stringify({ source: [named("shop")], detail: { total: [1] } }) }));
  await events.send(new PutTargetsCommand({ Rule: rule, Targets: [{ Id: "orders", Arn: orders.arn }] }));
  made = { orders, rule };
});

after(end);

const until = async (page, wanted) => {
  for (let tries = 0; tries < 100 && !(await wanted()); tries += 1) await page.waitForTimeout(100);
  assert.ok(await wanted(), wanted.toString());
};

test("a conversation's event is triggered from Live", async () => {
  const page = await open("live");
  await page.locator("summary", { hasText: "as Trunkline derives it" }).click();
  await page.getByLabel("Derived event").selectOption("conversation.end");
  await does(page, page.getByRole("button", { name: "Trigger", exact: true }), "Sent as event");
  await said(page).getByRole("link", { name: "Show it" }).click();
  await page.getByRole("heading", { name: "conversation.end" }).waitFor();
  await page.locator("dl.facts a").first().click();
  await page.getByText("derived").first().waitFor();
  await close(page);
});

test("a dead-letter queue is redriven at a rate, by SQS's own move task", async () => {
  const [from, dead] = [await queue(named("from")), await queue(named("from-dead"))];
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: from.url, Attributes: { RedrivePolicy, VisibilityTimeout: "0" } }));
  await sqs.send(new SendMessageCommand({ QueueUrl: from.url, MessageBody: "again" }));
  await sqs.send(new ReceiveMessageCommand({ QueueUrl: from.url }));
  await sqs.send(new ReceiveMessageCommand({ QueueUrl: from.url }));
  const page = await open(`queues/${dead.name}`);
  await until(page, async () => (await count(dead)) === 1);
  await page.reload();
  await page.locator("summary", { hasText: "Redrive" }).click();
  await page.getByLabel("Messages a second").fill("5");
  await does(page, page.getByRole("button", { name: "Redrive" }), "go back");
  await until(page, async () => (await count(from)) === 1 && (await count(dead)) === 0);
  await close(page);
});

test("letters are mended, and others are sent again at a rate", async () => {
  const [target, dead] = [named("late"), await queue(named("late-dead"))];
  const rule = named("late");
  await events.send(new PutRuleCommand({ Name: rule, EventPattern: JSON.stringify({ source: [named("shop")], "detail-type": [named("late")] }) }));
  const Arn = made.orders.arn.replace(made.orders.name, target);
  await events.send(new PutTargetsCommand({ Rule: rule, Targets: [{ Id: "late", Arn, DeadLetterConfig: { Arn: dead.arn } }] }));
  for (let n = 0; n < 4; n += 1) await put({ n }, named("late"));
  const page = await open(`dead-letters/${dead.name}`);
  await until(page, async () => (await count(dead)) === 4);
  const come = await queue(target);
  await page.reload();
  const first = page.locator("details.message").first();
  await first.locator("summary").first().click();
  await first.locator("summary", { hasText: "Mend" }).click();
  const payload = first.locator("textarea");
  await payload.fill((await payload.inputValue()).replace('"n":0', '"n":"mended"'));
  await does(page, first.getByRole("button", { name: "Send this instead" }), "sent again");
  await until(page, async () => (await count(come)) === 1);
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: come.url }));
  assert.equal(JSON.parse(Messages[0].Body).detail.n, "mended");
  await page.reload();
  await page.locator("summary", { hasText: "at a rate" }).click();
  await page.getByLabel("Letters a second").fill("1");
  const started = Date.now();
  await page.locator("form[data-verb='letters.redrive']").filter({ hasText: "Letters a second" }).getByRole("button").click();
  await until(page, async () => (await count(dead)) === 0);
  assert.ok(Date.now() - started >= 2000, "three letters at one a second take two seconds at least");
  await close(page);
});

test("a rule's changed pattern is tried, and how it is changed is told", async () => {
  const page = await open(`rules/default/${made.rule}`);
  await put({ total: 2 });
  await page.locator("textarea[name=pattern]").fill(JSON.stringify({ source: [named("shop")], detail: { total: [2] } }));
  await page.getByRole("button", { name: "Try on the last" }).click();
  await page.getByText("events match.").waitFor();
  await page.getByText("no pipeline file owns").waitFor();
  await page.getByText("aws events put-rule").waitFor();
  const { EventPattern } = await events.send(new DescribeRuleCommand({ Name: made.rule }));
  assert.deepEqual(JSON.parse(EventPattern).detail, { total: [1] });
  await close(page);
});

test("of a rule that a pipeline file owns, the changed pattern is a patch", async () => {
  const resource = JSON.stringify({ kind: "rule", bus: "default", name: made.rule });
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": "Trunkline.RecordOwnership", authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/trunkline/aws4_request, SignedHeaders=host, Signature=0" };
  const recorded = await fetch(endpoint, { method: "POST", headers, body: JSON.stringify({ Owner: "mine", Resource: resource }) });
  assert.equal(recorded.status, 200, await recorded.text());
  const pattern = JSON.stringify({ source: [named("shop")], detail: { total: [3] } });
  const page = await open(`rules/default/${made.rule}?pattern=${encodeURIComponent(pattern)}`);
  await page.getByText("The patch for the file of the pipeline mine").waitFor();
  const lines = (await page.locator("details[open] pre").last().innerText()).split("\n");
  assert.deepEqual(lines.filter((line) => /^[-+] /.test(line)).map((line) => line[0] + line.trim().at(-1)), ["-1", "+3"]);
  await close(page);
});

test("two executions stand side by side, with what is different", async () => {
  const definition = JSON.stringify({ StartAt: "Big?", States: {
    "Big?": { Type: "Choice", Choices: [{ Variable: "$.total", NumericGreaterThan: 100, Next: "Keep" }], Default: "Drop" },
    Keep: { Type: "Pass", Result: { kept: true }, End: true }, Drop: { Type: "Fail", Error: "Small", Cause: "too small" } } });
  const name = named("sides");
  const roleArn = "arn:aws:iam::000000000000:role/states";
  const { stateMachineArn } = await sfn.send(new CreateStateMachineCommand({ name, definition, roleArn }));
  const arns = [];
  for (const total of [250, 5]) {
    const input = JSON.stringify({ total });
    arns.push((await sfn.send(new StartExecutionCommand({ stateMachineArn, name: `of-${total}`, input }))).executionArn);
  }
  const page = await open("");
  const status = async (executionArn) => (await sfn.send(new DescribeExecutionCommand({ executionArn }))).status;
  await until(page, async () => (await status(arns[0])) === "SUCCEEDED" && (await status(arns[1])) === "FAILED");
  await page.goto(`${console_}state-machines/${name}/of-250`);
  await page.getByLabel("Beside another execution").selectOption("of-5");
  await page.getByRole("button", { name: "Compare" }).click();
  const differences = await page.getByRole("table", { name: "Differences, up to where the ways part" }).innerText();
  assert.match(differences, /input \$\.total\s+250\s+5/);
  assert.match(differences, /way after Big\?\s+"Keep"\s+"Drop"/);
  assert.equal(await page.locator("svg g.failed").count(), 1);
  await page.goto(`${console_}state-machines/${name}/of-5`);
  await page.locator("summary", { hasText: "ChoiceStateEntered" }).click();
  await page.locator("ol.reasons").getByText("no", { exact: false }).first().waitFor();
  await page.getByText("It went to Drop.").waitFor();
  await close(page);
});

// A zip of one file, stored as it is.
function zip(name, text) {
  const [file, content] = [Buffer.from(name), Buffer.from(text)];
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt32LE(crc32(content), 10);
  fields.writeUInt32LE(content.length, 14);
  fields.writeUInt32LE(content.length, 18);
  fields.writeUInt16LE(file.length, 22);
  const local = Buffer.concat([Buffer.from("PK\x03\x04"), fields, file, content]);
  const central = Buffer.concat([Buffer.from("PK\x01\x02"), Buffer.from([20, 0]), fields, Buffer.alloc(14), file]);
  const close = Buffer.alloc(22);
  close.write("PK\x05\x06");
  close.writeUInt16LE(1, 8);
  close.writeUInt16LE(1, 10);
  close.writeUInt32LE(central.length, 12);
  close.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, close]).toString("base64");
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

test("a function is called with a kept event, and its page counts the call", async () => {
  const id = await put({ total: 9 });
  const name = named("echo");
  const body = { FunctionName: name, Runtime: "nodejs20.x", Handler: "index.handler", Role: "arn:aws:iam::000000000000:role/lambda",
    Code: { ZipFile: zip("index.mjs", "export const handler = async (event) => ({ total: event.detail.total, id: event.id });\n") } };
  const headers = { "content-type": "application/json", authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0" };
  const made = await fetch(`${endpoint}/2015-03-31/functions`, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(made.status, 201, await made.text());
  const page = await open(`functions/${name}`);
  await page.getByLabel("A kept event").selectOption(id);
  await page.getByRole("button", { name: "Use it" }).click();
  const payload = page.locator("textarea[name=Payload]");
  assert.equal(JSON.parse(await payload.inputValue()).id, id);
  await page.getByRole("button", { name: "Call", exact: true }).click();
  await said(page).filter({ hasText: `"id":"${id}"` }).waitFor({ timeout: 60_000 });
  await until(page, async () => {
    await page.reload();
    return (await page.locator("div.figure").filter({ hasText: "calls" }).innerText()).includes("1");
  });
  await close(page);
});

test("Health says what the doctor says, compares checksums and tells the limits", async () => {
  const page = await open("health?checks=1");
  await page.getByText(/checks found nothing/).waitFor();
  await page.locator("tr").filter({ hasText: "targets of a rule" }).filter({ hasText: "5" }).first().waitFor();
  await page.getByRole("link", { name: "Compare the checksums now" }).click();
  await page.getByText("records were compared with their checksums").waitFor();
  assert.equal(await page.getByText("damaged").filter({ hasText: /^✕/ }).count(), 0);
  const bundle = await (await fetch(`${console_}bundle.json`)).text();
  assert.ok(bundle.includes(made.rule) && !bundle.includes(named("shop")), "names, and no pattern");
  await close(page);
});
