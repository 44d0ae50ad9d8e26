// The Live page: rows as they come, a pause, "n new" while one reads further down.

import { one } from "./dom.js";

const ROWS_MAX = 200;
let waiting = [];
let paused = false;

function row(event) {
  const made = one("#event-row").content.firstElementChild.cloneNode(true);
  const [accepted, type, source, about, rules] = made.children;
  const time = one("time", accepted);
  time.dateTime = time.title = event.accepted;
  time.textContent = event.accepted.slice(11, 23);
  const link = one("a", type);
  link.href = event.href;
  link.textContent = event.type || "(no type)";
  source.textContent = event.source;
  about.textContent = event.about;
  const badge = one(".badge", rules);
  badge.className = event.rules > 0 ? "badge good" : "badge bad";
  badge.textContent = event.rules > 0 ? `✓ ${event.rules}` : "✕ none";
  made.classList.add("fresh");
  return made;
}

function show() {
  const body = one("#events");
  if (!body) return;
  const shown = waiting.slice(-ROWS_MAX).reverse().map(row);
  waiting = [];
  body.prepend(...shown);
  while (body.children.length > ROWS_MAX) body.lastElementChild.remove();
  tell();
}

function tell() {
  const button = one("#show-new");
  if (!button) return;
  button.hidden = waiting.length === 0;
  button.textContent = `${waiting.length >= ROWS_MAX ? `${ROWS_MAX} or more` : waiting.length} new`;
}

// Somebody who reads further down, or is on a row, is not moved away from it.
const reads = () => paused || scrollY > 300 || one("#events .here, #events :focus") !== null;

export function came(message) {
  if (!one("#events")) return;
  waiting.push(...message.rows);
  if (waiting.length > ROWS_MAX) waiting = waiting.slice(-ROWS_MAX);
  if (message.leftOut > 0) one("#sampled").textContent = `Too many to show: ${message.leftOut} were left out of the last second.`;
  else one("#sampled").textContent = "";
  if (reads()) tell();
  else show();
}

export function start() {
  document.addEventListener("click", (event) => {
    const pause = event.target.closest?.("#pause");
    if (pause) {
      paused = !paused;
      pause.setAttribute("aria-pressed", String(paused));
      pause.textContent = paused ? "Go on" : "Pause";
      if (!paused) show();
    }
    if (event.target.closest?.("#show-new")) {
      one("#events .here")?.classList.remove("here");
      scrollTo({ top: 0 });
      show();
    }
  });
}
