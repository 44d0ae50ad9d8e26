// Starts the modules, and tells what is wrong with a pattern while one types it.

import { element, one } from "./dom.js";
import { start as events } from "./events.js";
import { start as keys } from "./keys.js";
import { start as stream } from "./stream.js";
import { start as verbs } from "./verbs.js";

const TYPING_MS = 250;
let timer = 0;

async function judged(field) {
  const answer = await fetch(`/console/pattern?text=${encodeURIComponent(field.value)}`);
  const trouble = one("#trouble");
  if (!answer.ok || !trouble) return;
  const { message, line, caret } = await answer.json();
  field.setAttribute("aria-invalid", String(Boolean(message)));
  trouble.replaceChildren(...(message ? [element("p", {}, message), element("pre", {}, `${line}\n${caret}`)] : []));
}

document.documentElement.classList.add("js");
document.addEventListener("input", (event) => {
  if (!event.target.matches?.("[data-pattern]")) return;
  clearTimeout(timer);
  timer = setTimeout(() => judged(event.target), TYPING_MS);
});
verbs();
keys();
events();
stream();
