// One stream of server-sent events a tab, closed while the tab is hidden.

import { all, one } from "./dom.js";
import { came } from "./events.js";

let source = null;

function state(on, words) {
  const shown = one("#stream-state");
  shown.classList.toggle("on", on);
  if (shown.textContent !== words) shown.textContent = words;
}

function figures(changed) {
  for (const shown of all("[data-live]")) {
    const value = changed[shown.dataset.live];
    if (value !== undefined) shown.textContent = value;
  }
}

function close() {
  source?.close();
  source = null;
}

function open() {
  const query = document.body.dataset.liveQuery;
  if (!query || source || document.hidden) return;
  source = new EventSource(`/console/live-stream?${query}`);
  source.addEventListener("open", () => state(true, "Live"));
  source.addEventListener("figures", (event) => figures(JSON.parse(event.data)));
  source.addEventListener("rows", (event) => came(JSON.parse(event.data)));
  source.addEventListener("error", () => state(false, "Not live: the server does not answer"));
}

export function start() {
  state(false, document.body.dataset.liveQuery ? "Connecting" : "This page stands still");
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  // What was drawn again has none of the figures that came before: all come with a new stream.
  document.addEventListener("refreshed", () => {
    close();
    open();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
}
