// The console in a browser, as a person uses it: each page on a running pipeline, each verb and what it did, keys alone, three widths,
// light and dark, axe-core, and nothing of another origin. Set CONSOLE_PICTURES to a folder to keep screenshots.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { DescribeRuleCommand, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateStateMachineCommand, DescribeExecutionCommand, ListExecutionsCommand } from "@aws-sdk/client-sfn";
import { ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";

import { axe, close, console_, count, does, end, endpoint, events, forgive, launch, named, open, pictures, platform, put, queue, said, sfn, sqs } from "./fixture.mjs";

let made;
// Takes the posts of an event stream and answers its handshake.
let hook;

// Its address, which answers every post with what the handshake asks for.
async function listens() {
  hook = createServer((request, response) => {
    let text = "";
    request.on("data", (piece) => (text += piece));
    request.on("end", () => response.writeHead(200, { "content-type": "application/json" }).end(text || "{}"));
  });
  await new Promise((done) => hook.listen(0, done));
  return `http://localhost:${hook.address().port}/in`;
}

before(async () => {
  await launch();
  const [orders, dead] = [await queue(named("orders")), await queue(named("dead"))];
  const rule = named("large");
  const EventPattern = JSON.stringify({ source: [named("shop")], detail: { total: [{ numeric: [">", 100] }] } });
  await events.send(new PutRuleCommand({ Name: rule, EventPattern }));
  const missing = orders.arn.replace(orders.name, named("missing"));
  await events.send(new PutTargetsCommand({ Rule: rule, Targets: [
    { Id: "orders", Arn: orders.arn },
    { Id: "missing", Arn: missing, DeadLetterConfig: { Arn: dead.arn } },
  ] }));
  const hostile = { total: 500, text: "</pre><script>window.hacked = 1</script>", rtl: "abc\u202edef", keys: {} };
  for (let n = 0; n < 10_000; n += 1) hostile.keys[`k${n}`] = n;
  made = {
    orders, dead, rule, missing,
    taken: await put({ total: 250 }),
    missed: await put({ total: 50 }),
    hostile: await put(hostile, "<img src=x onerror=window.hacked=1>"),
    large: await put({ total: 1, text: "x".repeat(900_000) }),
  };
  await sqs.send(new SendMessageCommand({ QueueUrl: orders.url, MessageBody: "<b>plain</b>" }));
  const subscription = await platform("POST", "events/subscriptions", {
    name: named("<b>ends</b>"), eventTypes: ["event:conversation:end"], attributeFilter: "queue.name = 'Support'",
    destination: { type: "aws_sqs", awsSqs: { arn: orders.arn, region: orders.arn.split(":")[3] } },
  });
  assert.equal(subscription.status, 201, JSON.stringify(subscription.body));
  const stream = await platform("POST", "eventstreams", {
    name: named("crm"), eventTypes: ["*"], destinations: [{ protocol: "https", url: await listens(), headers: { "x-key": "never-shown" } }],
  });
  assert.equal(stream.status, 201, JSON.stringify(stream.body));
  Object.assign(made, { subscription: subscription.body.id, stream: stream.body.id });
});

after(async () => {
  hook?.close();
  await end();
});

const PAGES = () => [
  ["pipeline", ""], ["live", "live"], ["event", `events/${made.taken}`], ["missed", `events/${made.missed}`],
  ["hostile", `events/${made.hostile}`], ["large", `events/${made.large}`], ["rules", "rules"], ["rule", `rules/default/${made.rule}`],
  ["queues", "queues"], ["queue", `queues/${made.orders.name}`], ["dead-letters", "dead-letters"],
  ["letters", `dead-letters/${made.dead.name}`], ["health", "health"], ["functions", "functions"], ["tables", "tables"],
  ["logs", "logs"], ["destinations", "destinations"], ["state-machines", "state-machines"],
  ["subscriptions", "subscriptions"], ["subscription", `subscriptions/${made.subscription}`],
  ["tried", `subscriptions/${made.subscription}?tried=1`], ["streams", "streams"], ["stream", `streams/${made.stream}`], ["webhooks", "webhooks"],
];
const LOOKS = [[360, "dark"], [1280, "light"], [2560, "dark"]];

for (const [width, colorScheme] of process.env.CI ? LOOKS.slice(1, 2) : LOOKS) {
  test(`every page stands at ${width} px, ${colorScheme}: no violation, no report, nothing of another origin`, async () => {
    const violations = [];
    for (const [name, path] of PAGES()) {
      const page = await open(path, { viewport: { width, height: 900 }, colorScheme });
      await page.evaluate(axe);
      const found = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
      violations.push(...found.violations.map((v) => `${name}: ${v.id}: ${v.nodes[0].html} ${v.nodes[0].failureSummary}`));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) violations.push(`${name} is ${wide} px too wide`);
      if (pictures) {
        mkdirSync(pictures, { recursive: true });
        await page.screenshot({ path: `${pictures}/${name}-${width}.png` });
      }
      await close(page);
    }
    assert.deepEqual(violations, []);
  });
}

test("a page weighs less than 100 KiB with all that it loads, and only its frame is loaded again", async () => {
  const page = await open("", {});
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  let weight = 0;
  session.on("Network.loadingFinished", (event) => (weight += event.encodedDataLength));
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  await page.reload({ waitUntil: "load" });
  assert.ok(weight > 1000 && weight < 100 * 1024, `${weight} bytes`);
  await close(page);
});

test("from the first page to the reason why an event reached nobody in three clicks", async () => {
  const page = await open("");
  await page.getByRole("link", { name: "matched no rule" }).click();
  await page.getByLabel("Text, or field=value").fill("detail.total=50");
  await page.getByRole("button", { name: "Filter" }).click();
  await page.locator("#events a").first().click();
  await page.getByText("No rule matched").waitFor();
  assert.match(await page.locator("ol.reasons").innerText(), new RegExp(`${made.rule}.*detail.total.* is 50; expected a number > 100`, "s"));
  await close(page);
});

test("an event that comes is shown without loading the page, and not while it is paused", async () => {
  const page = await open(`live?text=${named("news")}`);
  await page.locator("#stream-state.on").waitFor();
  await put({ total: 1 }, named("news"));
  await page.locator("#events a").first().waitFor();
  await page.keyboard.press("p");
  await put({ total: 2 }, named("news"));
  await page.getByRole("button", { name: "1 new" }).click();
  await page.waitForFunction(() => document.querySelectorAll("#events tr").length === 2);
  await close(page);
});

test("a wrong pattern is told with its place while it is typed, and after it was sent", async () => {
  const page = await open("live");
  await page.getByLabel("Pattern").fill('{"a": 1}');
  await page.locator("#trouble pre").filter({ hasText: "^" }).waitFor();
  await page.getByRole("button", { name: "Filter" }).click();
  await page.locator("#trouble").filter({ hasText: "Event pattern is not valid" }).waitFor();
  await close(page);
});

test("a rule is paused and resumed", async () => {
  const page = await open(`rules/default/${made.rule}`);
  const state = async () => (await events.send(new DescribeRuleCommand({ Name: made.rule }))).State;
  await does(page, page.getByRole("button", { name: "Pause" }), "is paused");
  assert.equal(await state(), "DISABLED");
  await does(page, page.getByRole("button", { name: "Resume" }), "is enabled");
  assert.equal(await state(), "ENABLED");
  await close(page);
});

test("a message is sent, and looking at it is no receive", async () => {
  const box = await queue(named("box"));
  const page = await open(`queues/${box.name}`);
  await page.locator("summary", { hasText: "Send to" }).click();
  await page.getByLabel("Body").fill("hello <i>there</i>");
  await does(page, page.getByRole("button", { name: "Send", exact: true }), "Sent as message");
  await page.locator("details.message .peek").filter({ hasText: "hello <i>there</i>" }).waitFor();
  const answer = await sqs.send(new ReceiveMessageCommand({ QueueUrl: box.url, AttributeNames: ["ApproximateReceiveCount"] }));
  assert.equal(answer.Messages[0].Attributes.ApproximateReceiveCount, "1");
  assert.equal(answer.Messages[0].Body, "hello <i>there</i>");
  await close(page);
});

test("an event is sent, and replayed to one target", async () => {
  const page = await open("live");
  await page.locator("summary", { hasText: "Put an event" }).click();
  await page.getByLabel("Source").fill(named("shop"));
  await page.getByLabel("Detail, a JSON object").fill('{"total": 777}');
  const before = await count(made.orders);
  await does(page, page.getByRole("button", { name: "Send", exact: true }), "Sent as event");
  await said(page).getByRole("link", { name: "Show it" }).click();
  await page.getByText("1 of its").waitFor();
  assert.equal(await count(made.orders), before + 1);
  const delivery = page.locator(".delivery").filter({ hasText: "as target orders" });
  await does(page, delivery.getByRole("button", { name: "Replay to this target" }), "has started");
  for (let tries = 0; tries < 50 && (await count(made.orders)) < before + 2; tries += 1) await page.waitForTimeout(100);
  assert.equal(await count(made.orders), before + 2);
  await close(page);
});

test("dead letters are thrown away, come back, and are sent again where their target has come", async () => {
  const page = await open(`dead-letters/${made.dead.name}`);
  const before = await count(made.dead);
  assert.ok(before >= 2);
  await does(page, page.getByRole("button", { name: "Throw away" }).first(), "thrown away");
  assert.equal(await count(made.dead), 0);
  await said(page).getByRole("button", { name: "Undo" }).click();
  await said(page).filter({ hasText: "are back" }).waitFor();
  assert.equal(await count(made.dead), before);
  const come = await queue(named("missing"));
  await page.reload();
  await does(page, page.getByRole("button", { name: "Send again" }).first(), "sent again");
  assert.equal(await count(made.dead), 0);
  assert.equal(await count(come), before);
  await close(page);
});

test("an execution is started, and its states are marked in the graph", async () => {
  const definition = JSON.stringify({ StartAt: "Big?", States: {
    "Big?": { Type: "Choice", Choices: [{ Variable: "$.total", NumericGreaterThan: 100, Next: "Keep" }], Default: "Drop" },
    Keep: { Type: "Pass", Result: { kept: true }, End: true }, Drop: { Type: "Fail", Error: "Small", Cause: "too small" } } });
  const name = named("machine");
  const roleArn = "arn:aws:iam::000000000000:role/states";
  const { stateMachineArn } = await sfn.send(new CreateStateMachineCommand({ name, definition, roleArn }));
  const page = await open(`state-machines/${name}`);
  await page.locator("summary", { hasText: "Start an execution" }).click();
  await page.locator("textarea[name=input]").fill('{"total": 250}');
  await does(page, page.getByRole("button", { name: "Start", exact: true }), "has started");
  const { executions } = await sfn.send(new ListExecutionsCommand({ stateMachineArn }));
  assert.equal(executions.length, 1);
  const { executionArn } = executions[0];
  const of = async () => (await sfn.send(new DescribeExecutionCommand({ executionArn }))).status;
  for (let tries = 0; tries < 50 && (await of()) === "RUNNING"; tries += 1) await page.waitForTimeout(100);
  await said(page).getByRole("link", { name: "Show it" }).click();
  await page.getByText("SUCCEEDED", { exact: false }).first().waitFor();
  assert.equal(await page.locator("g.succeeded").count(), 2);
  assert.equal(await page.locator("details.message").filter({ hasText: "ExecutionSucceeded" }).count(), 1);
  await close(page);
});

test("a subscription says why it takes an event or not, is paused, resumed and deleted", async () => {
  const event = (queueName) => ({ Source: "genesys.cloud", DetailType: "conversation.end", Detail: JSON.stringify({
    conversationId: randomUUID(), type: "voice", routing: { queueName } }) });
  await events.send(new PutEventsCommand({ Entries: [event("Sales"), event("Support")] }));
  const page = await open(`subscriptions/${made.subscription}`);
  const status = async () => (await platform("GET", `events/subscriptions/${made.subscription}`)).body.status;
  await page.getByRole("link", { name: "Try it on the newest derived events" }).click();
  await page.locator("tr").filter({ hasText: "does not hold (it is \"Sales\")" }).filter({ hasText: "does not" }).first().waitFor();
  await page.locator("tr").filter({ hasText: "takes it" }).first().waitFor();
  await does(page, page.getByRole("button", { name: "Pause" }), "is paused");
  assert.equal(await status(), "inactive");
  await does(page, page.getByRole("button", { name: "Resume" }), "goes on");
  assert.equal(await status(), "active");
  await does(page, page.getByRole("button", { name: "Delete" }), "is deleted");
  assert.equal((await platform("GET", `events/subscriptions/${made.subscription}`)).status, 404);
  forgive("404");
  await close(page);
});

test("an event stream is paused, resumed and deleted, and shows no header's value", async () => {
  const page = await open(`streams/${made.stream}`);
  const enabled = async () => (await platform("GET", `eventstreams/${made.stream}`)).body.enabled;
  const text = await page.locator("main").innerText();
  assert.ok(text.includes("x-key") && !text.includes("never-shown"), text);
  await does(page, page.getByRole("button", { name: "Pause" }), "is paused");
  assert.equal(await enabled(), false);
  await does(page, page.getByRole("button", { name: "Resume" }), "goes on");
  assert.equal(await enabled(), true);
  await does(page, page.getByRole("button", { name: "Delete" }), "is deleted");
  assert.equal((await platform("GET", `eventstreams/${made.stream}`)).status, 404);
  forgive("404");
  await close(page);
});

test("by keys alone: to a queue, what is in it, and the help", async () => {
  const page = await open("");
  await page.keyboard.press("g");
  await page.keyboard.press("q");
  await page.waitForURL(/\/queues$/);
  await page.keyboard.press("/");
  await page.keyboard.type(made.orders.name);
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`/queues/${made.orders.name}$`));
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.locator("details.message[open] pre").first().waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await close(page);
});

test("without JavaScript pages show and nothing acts", async () => {
  const page = await open(`events/${made.missed}`, { javaScriptEnabled: false });
  assert.match(await page.locator("ol.reasons").innerText(), /expected a number > 100/);
  assert.equal(await page.locator("button:visible").count(), 0);
  assert.match(await page.locator(".noscript").innerText(), /Without JavaScript/);
  await page.context().close();
});

test("what acts wants the token of a page, JSON, and our own origin", async () => {
  const body = JSON.stringify({ Name: made.rule });
  const post = (headers) => fetch(`${console_}do/rule.pause`, { method: "POST", body, headers });
  const token = (await (await fetch(console_)).text()).match(/trunkline-token" content="([0-9a-f]+)"/)[1];
  assert.equal((await post({ "content-type": "application/json" })).status, 403);
  assert.equal((await post({ "content-type": "text/plain", "x-trunkline-token": token })).status, 403);
  const foreign = { "content-type": "application/json", "x-trunkline-token": token, origin: "https://evil.example" };
  assert.equal((await post(foreign)).status, 403);
  assert.equal((await events.send(new DescribeRuleCommand({ Name: made.rule }))).State, "ENABLED");
  const head = (await fetch(console_)).headers;
  assert.match(head.get("content-security-policy"), /default-src 'none'; script-src 'self'; style-src 'self'/);
  assert.equal(head.get("x-content-type-options"), "nosniff");
});
