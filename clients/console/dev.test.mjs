// A new user's first minutes: from the first lines of `trunkline dev` to the reason why a chosen event reached nobody, in three clicks.
// Set CONSOLE_DOCS to a folder to make the pictures of docs/console.md.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { close, does, end, launch, open, said } from "./fixture.mjs";

const docs = process.env.CONSOLE_DOCS;
let folder;
let server;
let origin;

before(async () => {
  await launch();
  folder = mkdtempSync(join(tmpdir(), "console-dev-"));
  server = spawn(process.env.TRUNKLINE_BIN, ["dev", "--listen", "127.0.0.1:0", "--data-dir", join(folder, "data"), "--speed", "60"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  origin = await new Promise((found, failed) => {
    server.once("exit", (code) => failed(new Error(`dev ended with ${code}: ${text}`)));
    server.stdout.on("data", (piece) => {
      text += piece;
      const address = text.match(/open {3}(http:\/\/\S+)\/console\/\n/);
      if (address && text.includes("Ctrl-C")) found(address[1]);
    });
  });
});

after(async () => {
  server?.kill("SIGINT");
  await end();
  rmSync(folder, { recursive: true, force: true });
});

const LOOK = { viewport: { width: 1120, height: 680 }, colorScheme: "light" };

async function picture(page, name) {
  if (!docs) return;
  mkdirSync(docs, { recursive: true });
  await page.screenshot({ path: join(docs, `console-${name}.png`), animations: "disabled" });
}

test("from dev's first lines to the reason in three clicks", async () => {
  const page = await open("", LOOK, origin);
  await page.locator("#stream-state.on").waitFor();
  await page.waitForFunction(() => /[1-9]/.test(document.querySelector("[data-live='books.events.unmatched']").textContent), null, { timeout: 60_000 });
  await page.waitForFunction(() => [...document.querySelectorAll("svg.path text.rate")].some((rate) => /[1-9].*\/s/.test(rate.textContent)), null, { timeout: 60_000 });
  await picture(page, "pipeline");
  await page.getByRole("link", { name: "matched no rule" }).click();
  const chosen = page.locator("#events tr").filter({ hasText: "conversation.end" }).first();
  await chosen.locator("a").click();
  await page.getByText("No rule matched: the event reached nobody.").waitFor();
  const reason = await page.locator("ol.reasons").innerText();
  assert.match(reason, /support-conversation-ended/);
  assert.match(reason, /detail\.routing\.queueName|expected/);
  await picture(page, "event");
  await close(page);
});

test("the conversation of an event is a line of time, and is replayed to a rule", async () => {
  const page = await open("live?rule=support-conversation-ended", LOOK, origin);
  await page.waitForFunction(() => document.querySelectorAll("#events a").length > 0, null, { timeout: 60_000 });
  await picture(page, "live");
  await page.locator("#events a").first().click();
  await page.locator("dl.facts a").first().click();
  await page.getByText("derived").first().waitFor();
  await picture(page, "conversation");
  await page.locator("select[name=RuleName]").selectOption("support-conversation-ended");
  await does(page, page.getByRole("button", { name: "Replay", exact: true }), "has started");
  assert.match(await said(page).innerText(), /replay-/);
  await close(page);
});

test("what the rules page and Health show of it", async () => {
  const page = await open("rules/default/support-conversation-ended", LOOK, origin);
  await page.getByText("events match.").waitFor();
  await picture(page, "rule");
  await page.goto(`${origin}/console/health`);
  await page.getByText(/checks found nothing/).waitFor();
  await picture(page, "health");
  await close(page);
});
