// Beyond loopback: a server that others can reach, where a browser signs in by the address that was printed.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { close, does, end, forgive, launch, open } from "./fixture.mjs";

let folder;
let server;
let origin;
let printed;

before(async () => {
  await launch();
  folder = mkdtempSync(join(tmpdir(), "console-"));
  const keys = join(folder, "keys");
  writeFileSync(keys, "AKIDEXAMPLE secret-of-the-test\n", { mode: 0o600 });
  const options = ["serve", "--data-dir", join(folder, "data"), "--listen", "0.0.0.0:0", "--auth", "sigv4", "--auth-file", keys];
  server = spawn(process.env.TRUNKLINE_BIN, options, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  printed = await new Promise((found, failed) => {
    server.once("exit", (code) => failed(new Error(`the server ended with ${code}: ${text}`)));
    server.stdout.on("data", (piece) => {
      text += piece;
      const address = text.match(/(http:\/\/\S+\/console\/\?sign-in=\S+)/);
      if (address) found(address[1]);
    });
  });
  origin = `http://127.0.0.1:${new URL(printed).port}`;
});

after(async () => {
  server?.kill();
  await end();
  rmSync(folder, { recursive: true, force: true });
});

const key = () => new URL(printed).searchParams.get("sign-in");

test("who was not told the address sees nothing and does nothing", async () => {
  for (const path of ["console/", "console/queues", "console/bundle.json", "console/live-stream?figures=1", `console/?sign-in=${"0".repeat(key().length)}`]) {
    const answer = await fetch(`${origin}/${path}`, { redirect: "manual" });
    assert.equal(answer.status, 401, path);
    assert.equal(answer.headers.get("set-cookie"), null);
    assert.ok(!(await answer.text()).includes("trunkline-token"));
  }
  const body = JSON.stringify({ Name: "any" });
  const act = await fetch(`${origin}/console/do/rule.pause`, { method: "POST", body, headers: { "content-type": "application/json" } });
  assert.equal(act.status, 401);
});

test("the printed address signs a browser in by a cookie that no script and no other site has, and pages act", async () => {
  const page = await open(`?sign-in=${key()}`, {}, origin);
  assert.equal(page.url(), `${origin}/console/`);
  const cookies = await page.context().cookies();
  assert.deepEqual(cookies.map(({ httpOnly, sameSite, path }) => ({ httpOnly, sameSite, path })), [{ httpOnly: true, sameSite: "Strict", path: "/console/" }]);
  assert.equal(await page.evaluate(() => document.cookie), "");
  await page.goto(`${origin}/console/live`);
  await page.locator("#stream-state.on").waitFor();
  await page.locator("summary", { hasText: "Put an event" }).click();
  await does(page, page.getByRole("button", { name: "Send", exact: true }), "Sent as event");
  await close(page);
});

test("the cookie of an earlier start, or of nobody, is none", async () => {
  const page = await open(`?sign-in=${key()}`, {}, origin);
  const [cookie] = await page.context().cookies();
  await page.context().clearCookies();
  await page.context().addCookies([{ ...cookie, value: "0".repeat(cookie.value.length) }]);
  const answer = await page.goto(`${origin}/console/queues`);
  assert.equal(answer.status(), 401);
  forgive("401");
  await close(page);
});
