// What acts: buttons and forms with a verb. One request each, as JSON, with the token of this page.

import { all, element, one, refresh, say } from "./dom.js";

const token = one('meta[name="trunkline-token"]')?.content ?? "";

async function request(verb, body) {
  const answer = await fetch(`/console/do/${encodeURIComponent(verb)}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-trunkline-token": token },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  let value = {};
  try {
    value = JSON.parse(text);
  } catch {
    value = { message: text };
  }
  if (!answer.ok) throw new Error(value.message ?? value.Message ?? `status ${answer.status}`);
  return value;
}

// Does a verb, says what became of it, and shows the page as it is now.
export async function act(verb, body) {
  try {
    let done = await request(verb, body);
    while (done.next) {
      say(done.said);
      if (done.waitMs > 0) await new Promise((resolve) => setTimeout(resolve, done.waitMs));
      done = await request(verb, done.next);
    }
    const more = [];
    if (done.undo) {
      const undo = element("button", { type: "button" }, "Undo");
      undo.addEventListener("click", () => act(done.undo.verb, done.undo.body), { once: true });
      more.push(undo);
    }
    if (done.href) more.push(element("a", { href: done.href }, "Show it"));
    if (done.show) more.push(element("code", {}, done.show));
    say(done.said, { more });
    await refresh();
  } catch (error) {
    say(`Not done: ${error.message}`, { failed: true });
  }
}

// Asks before it is done.
export function ask(question) {
  return new Promise((resolve) => {
    const yes = element("button", { type: "submit", value: "yes", className: "act" }, "Do it");
    const no = element("button", { type: "submit", value: "no", className: "act", autofocus: true }, "Leave it");
    const form = element("form", { method: "dialog" }, element("p", {}, question), element("div", { className: "bar" }, no, yes));
    const dialog = element("dialog", { "aria-label": "Before it is done" }, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

async function pressed(button) {
  const { verb, body, ask: question, copy } = button.dataset;
  if (copy !== undefined) {
    await navigator.clipboard.writeText(copy);
    say("Copied.");
    return;
  }
  if (question && !(await ask(question))) return;
  button.disabled = true;
  await act(verb, JSON.parse(body));
  button.disabled = false;
}

export function start() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-verb], button[data-copy]");
    if (button) pressed(button).catch((error) => say(`Not done: ${error.message}`, { failed: true }));
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest?.("form[data-verb]");
    if (!form) return;
    event.preventDefault();
    const fields = Object.fromEntries(all("[name]", form).map((field) => [field.name, field.value]));
    act(form.dataset.verb, { ...JSON.parse(form.dataset.body), ...fields });
  });
}
