// The simulated org through purecloud-platform-client-v2, the vendor's own SDK for JavaScript: a token, queues, analytics, a channel.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import sdk from "purecloud-platform-client-v2";
import WebSocket from "ws";

const door = new URL(process.env.TRUNKLINE_ORG);
const client = sdk.ApiClient.instance;

before(async () => {
  client.setGateway({ host: door.hostname, protocol: door.protocol.replace(":", ""), port: Number(door.port) });
  await client.loginClientCredentialsGrant("a-client", "its-secret");
});

/** From a day ago to a day ahead: the simulated clock runs ahead of ours. */
function today() {
  const day = 86_400_000;
  return [Date.now() - day, Date.now() + day].map((at) => new Date(at).toISOString()).join("/");
}

test("queues are listed", async () => {
  const page = await new sdk.RoutingApi().getRoutingQueues({ pageSize: 100 });
  assert.deepEqual(page.entities.map((queue) => queue.name).sort(), ["Billing", "Sales", "Support"]);
});

test("details are queried", async () => {
  const query = { interval: today(), order: "asc", orderBy: "conversationStart", paging: { pageSize: 5, pageNumber: 1 } };
  const api = new sdk.ConversationsApi();
  let found = {};
  for (let tries = 0; tries < 100 && !found.conversations?.length; tries += 1) {
    found = await api.postAnalyticsConversationsDetailsQuery(query);
  }
  assert.ok(found.totalHits > 0);
  assert.ok(found.conversations[0].participants.some((participant) => participant.purpose === "customer"));
});

test("a channel is opened and tells of conversations", async () => {
  const api = new sdk.NotificationsApi();
  const channel = await api.postNotificationsChannels();
  const { entities } = await new sdk.RoutingApi().getRoutingQueues();
  const topics = entities.map((queue) => `v2.routing.queues.${queue.id}.conversations`);
  await api.putNotificationsChannelSubscriptions(channel.id, topics.map((id) => ({ id })));
  const socket = new WebSocket(channel.connectUri);
  const frame = await new Promise((resolve, reject) => {
    socket.addEventListener("error", reject);
    socket.addEventListener("message", ({ data }) => {
      const heard = JSON.parse(data);
      if (topics.includes(heard.topicName)) resolve(heard);
    });
  });
  socket.close();
  assert.ok(frame.eventBody.participants.length > 0);
});

test("refusals have Genesys' words", async () => {
  const absent = new sdk.RoutingApi().getRoutingQueue("00000000-0000-0000-0000-000000000000");
  await assert.rejects(absent, (refusal) => refusal.status === 404);
});
