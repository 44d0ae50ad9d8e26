// What the browser tests share: AWS's own SDK beside the browser, a page that nothing may go wrong on, and a verb's button.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { SFNClient } from "@aws-sdk/client-sfn";
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { chromium } from "playwright-core";

export const endpoint = process.env.AWS_ENDPOINT_URL;
export const console_ = `${endpoint}/console/`;
export const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const pictures = process.env.CONSOLE_PICTURES;
export const events = new EventBridgeClient({ maxAttempts: 1 });
export const sqs = new SQSClient({ maxAttempts: 1 });
export const sfn = new SFNClient({ maxAttempts: 1 });
const run = randomUUID().slice(0, 6);
export const named = (kind) => `${kind}-${run}`;

let browser;
// What a page did that none may do: errors, policy reports, requests to others.
let wrongs;

export async function launch() {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
}

export async function end() {
  await browser?.close();
}

// Leaves out what a test has brought about itself.
export function forgive(part) {
  wrongs = wrongs.filter((wrong) => !wrong.includes(part));
}

export async function queue(name, Attributes = {}) {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
  const answer = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
  return { name, url: QueueUrl, arn: answer.Attributes.QueueArn };
}

export async function count(of) {
  const AttributeNames = ["ApproximateNumberOfMessages"];
  const answer = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: of.url, AttributeNames }));
  return Number(answer.Attributes.ApproximateNumberOfMessages);
}

export async function put(detail, DetailType = "order") {
  const entry = { Source: named("shop"), DetailType, Detail: JSON.stringify(detail) };
  const answer = await events.send(new PutEventsCommand({ Entries: [entry] }));
  return answer.Entries[0].EventId;
}

// What the Platform API answers.
export async function platform(method, path, body) {
  const form = { method: "POST", body: "grant_type=client_credentials", headers: { "content-type": "application/x-www-form-urlencoded", authorization: `Basic ${btoa("console:console")}` } };
  const { access_token } = await (await fetch(`${endpoint}/oauth/token`, form)).json();
  const answer = await fetch(`${endpoint}/api/v2/${path}`, {
    method, body: body && JSON.stringify(body), headers: { "content-type": "application/json", authorization: `Bearer ${access_token}` },
  });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : undefined };
}

export async function open(path, options = {}, from = endpoint) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: from }).catch(() => {});
  const page = await context.newPage();
  wrongs = [];
  page.on("pageerror", (error) => wrongs.push(`error: ${error.message}`));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && wrongs.push(`console: ${message.text()}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${from}/`)) wrongs.push(`request: ${request.url()}`);
  });
  await page.goto(`${from}/console/${path}`, { waitUntil: "load" });
  return page;
}

export async function close(page) {
  const hacked = await page.evaluate(() => window.hacked).catch(() => undefined);
  await page.context().close();
  assert.equal(hacked, undefined, "a payload ran");
  assert.deepEqual(wrongs, []);
}

export const said = (page) => page.locator("#said p").last();

// Presses a verb's button and agrees to what is asked.
export async function does(page, button, text) {
  await button.click();
  const dialog = page.locator("dialog");
  if (await dialog.count()) await dialog.getByRole("button", { name: "Do it" }).click();
  await said(page).filter({ hasText: text }).waitFor();
}
