// Keys: / filters, j and k go from row to row, Enter opens, ? tells. They can be switched off.

import { all, element, one } from "./dom.js";

const KEYS = [
  ["/", "to the filter"],
  ["j  k", "next and previous row"],
  ["Enter", "open the row"],
  ["p", "pause and go on, on Live"],
  ["g then p l r q d f s h", "to Pipeline, Live, Rules, Queues, Dead letters, Functions, State machines, Health"],
  ["Esc", "leave the filter"],
  ["?", "this help"],
];
const PAGES = { p: "", l: "live", r: "rules", q: "queues", d: "dead-letters", f: "functions", s: "state-machines", h: "health" };
const OFF = "trunkline-keys-off";

const off = () => localStorage.getItem(OFF) === "1";
const rows = () => all("[data-row]").filter((row) => row.offsetParent !== null);

function go(step) {
  const found = rows();
  if (found.length === 0) return;
  const here = found.findIndex((row) => row.classList.contains("here"));
  const next = found[Math.min(Math.max(here + step, 0), found.length - 1)];
  found[here]?.classList.remove("here");
  next.classList.add("here");
  const target = one("a, summary, button", next);
  target?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function help() {
  if (one("dialog")) return;
  const switched = element("input", { type: "checkbox", checked: !off() });
  switched.addEventListener("change", () => localStorage.setItem(OFF, switched.checked ? "0" : "1"));
  const list = element("dl", {}, ...KEYS.flatMap(([key, what]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, what)]));
  const close = element("button", { type: "submit", className: "act", autofocus: true }, "Close");
  const form = element("form", { method: "dialog" },
    element("h2", {}, "Keys"), list,
    element("label", { className: "check" }, switched, element("span", {}, "single keys are on")),
    element("div", { className: "bar" }, close));
  const dialog = element("dialog", { "aria-label": "Keys" }, form);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function filtered(field) {
  const wanted = field.value.toLowerCase();
  const section = field.closest("section") ?? document;
  for (const row of all("[data-row]", section)) row.hidden = !row.textContent.toLowerCase().includes(wanted);
}

let leading = false;

function pressed(event) {
  const typing = event.target.closest?.("input, textarea, select, dialog");
  if (event.key === "Escape" && typing && !event.target.closest("dialog")) event.target.blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "?") return help();
  if (off()) return;
  if (leading && event.key in PAGES) {
    location.href = `/console/${PAGES[event.key]}`;
    return;
  }
  leading = event.key === "g";
  const done = {
    "/": () => one("[data-filter], [data-filter-server]")?.focus(),
    j: () => go(1),
    k: () => go(-1),
    p: () => one("#pause")?.click(),
  }[event.key];
  if (!done) return;
  event.preventDefault();
  done();
}

export function start() {
  document.addEventListener("keydown", pressed);
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-filter]")) filtered(event.target);
  });
}
