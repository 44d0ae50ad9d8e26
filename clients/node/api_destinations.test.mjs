// Connections and API destinations through AWS's SDK for JavaScript v3, and a delivery to an HTTP endpoint of this machine.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";

import {
  CreateApiDestinationCommand,
  CreateConnectionCommand,
  DeauthorizeConnectionCommand,
  DeleteApiDestinationCommand,
  DeleteConnectionCommand,
  DeleteRuleCommand,
  DescribeApiDestinationCommand,
  DescribeConnectionCommand,
  ListApiDestinationsCommand,
  ListConnectionsCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  ResourceNotFoundException,
  UpdateApiDestinationCommand,
  UpdateConnectionCommand,
} from "@aws-sdk/client-eventbridge";

import { events, name } from "./door.mjs";

const ApiKeyAuthParameters = { ApiKeyName: "x-api-key", ApiKeyValue: "hunter2" };

/** An endpoint that takes everything; resolves with the first request. The door was started with --allow-private localhost. */
async function endpoint(t) {
  const server = createServer();
  const request = new Promise((resolve) => {
    server.on("request", async (request, response) => {
      resolve({ method: request.method, url: request.url, headers: request.headers, body: await text(request) });
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, request };
}

test("a connection and an API destination live, call, and go", async (t) => {
  const { url, request } = await endpoint(t);
  const Name = name("calls");
  const AuthParameters = { ApiKeyAuthParameters };
  const connection = await events.send(
    new CreateConnectionCommand({ Name, AuthorizationType: "API_KEY", AuthParameters }),
  );
  const ConnectionArn = connection.ConnectionArn;
  await events.send(new UpdateConnectionCommand({ Name, Description: "changed" }));
  const described = await events.send(new DescribeConnectionCommand({ Name }));
  assert.deepEqual([described.ConnectionState, described.Description], ["AUTHORIZED", "changed"]);
  assert.deepEqual(described.AuthParameters, { ApiKeyAuthParameters: { ApiKeyName: "x-api-key" } });
  const connections = await events.send(new ListConnectionsCommand({ NamePrefix: Name }));
  assert.deepEqual(connections.Connections.map((one) => one.Name), [Name]);

  const { ApiDestinationArn: Arn } = await events.send(
    new CreateApiDestinationCommand({ Name, ConnectionArn, HttpMethod: "POST", InvocationEndpoint: `${url}/*` }),
  );
  await events.send(new UpdateApiDestinationCommand({ Name, HttpMethod: "PATCH" }));
  const destination = await events.send(new DescribeApiDestinationCommand({ Name }));
  assert.deepEqual([destination.HttpMethod, destination.InvocationRateLimitPerSecond], ["PATCH", 300]);
  const destinations = await events.send(new ListApiDestinationsCommand({ ConnectionArn }));
  assert.deepEqual(destinations.ApiDestinations.map((one) => one.Name), [Name]);

  await events.send(new PutRuleCommand({ Name, EventPattern: JSON.stringify({ source: [Name] }) }));
  const HttpParameters = { PathParameterValues: ["$.detail.id"], HeaderParameters: { "x-type": "$.detail-type" } };
  const Targets = [{ Id: "call", Arn, HttpParameters, InputPath: "$.detail" }];
  const put = await events.send(new PutTargetsCommand({ Rule: Name, Targets }));
  assert.equal(put.FailedEntryCount, 0);
  const Entries = [{ Source: Name, DetailType: "order", Detail: '{"id":"1/2"}' }];
  assert.equal((await events.send(new PutEventsCommand({ Entries }))).FailedEntryCount, 0);
  const { method, url: called, headers, body } = await request;
  assert.deepEqual([method, called, body], ["PATCH", "/1%2F2", '{"id":"1/2"}']);
  assert.deepEqual([headers["x-api-key"], headers["x-type"]], ["hunter2", "order"]);

  await events.send(new RemoveTargetsCommand({ Rule: Name, Ids: ["call"] }));
  await events.send(new DeleteRuleCommand({ Name }));
  await events.send(new DeleteApiDestinationCommand({ Name }));
  const gone = new DescribeApiDestinationCommand({ Name });
  await assert.rejects(events.send(gone), ResourceNotFoundException);
  const deauthorized = await events.send(new DeauthorizeConnectionCommand({ Name }));
  assert.equal(deauthorized.ConnectionState, "DEAUTHORIZING");
  await events.send(new DeleteConnectionCommand({ Name }));
  await assert.rejects(events.send(new DescribeConnectionCommand({ Name })), ResourceNotFoundException);
});
