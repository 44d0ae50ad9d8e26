// What every Node test shares: the clients, names nobody else uses, and waiting without sleeping.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { STSClient } from "@aws-sdk/client-sts";

// Plain clients: the address comes from AWS_ENDPOINT_URL alone. One attempt, so that an error is seen at once.
export const events = new EventBridgeClient({ maxAttempts: 1 });
export const sqs = new SQSClient({ maxAttempts: 1 });
export const sts = new STSClient({ maxAttempts: 1 });

/** A name that no other test and no earlier run has used. */
export function name(kind) {
  return `${kind}-${randomUUID().slice(0, 8)}`;
}

/** Long-polls until `count` messages have come; leaves them in flight. */
export async function receive(QueueUrl, count = 1, options = {}) {
  const messages = [];
  for (let tries = 0; messages.length < count && tries < 20; tries += 1) {
    const MaxNumberOfMessages = Math.min(10, count - messages.length);
    const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages, WaitTimeSeconds: 1, ...options });
    messages.push(...((await sqs.send(command)).Messages ?? []));
  }
  assert.equal(messages.length, count);
  return messages;
}
