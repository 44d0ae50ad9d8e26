// A Trunkline of a test's own, which it may kill and start again, on the same port and data folder.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The binary that is tested; none where the tests run against an endpoint. */
export const BINARY = process.env.TRUNKLINE_BIN;

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** A server that is running: `kill` ends it without a word, `start` starts it again. It is gone after the test. */
export async function ownServer(t) {
  const address = `127.0.0.1:${await freePort()}`;
  const folder = await mkdtemp(join(tmpdir(), "own-"));
  const endpoint = `http://${address}`;
  let process;
  const start = async () => {
    process = spawn(BINARY, ["serve", "--data-dir", folder, "--listen", address], { stdio: "ignore" });
    for (const end = Date.now() + 60_000; ; ) {
      if (await fetch(`${endpoint}/health`).catch(() => undefined)) return;
      assert.ok(Date.now() < end && process.exitCode === null, "the server does not answer");
      await new Promise((done) => setTimeout(done, 50));
    }
  };
  const kill = async () => {
    const ended = once(process, "exit");
    process.kill("SIGKILL");
    await ended;
  };
  await start();
  t.after(async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  });
  return { endpoint, start, kill };
}
