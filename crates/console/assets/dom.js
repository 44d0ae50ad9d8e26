// The few helpers that the modules share. Texts are set as text, never as markup.

export const all = (selector, from = document) => [...from.querySelectorAll(selector)];
export const one = (selector, from = document) => from.querySelector(selector);

// An element with properties and children; a child that is a string is a text.
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

const SAID_MS = 12000;

// Says what has happened, with links and buttons beside it.
export function say(text, { failed = false, more = [] } = {}) {
  const line = element("p", { className: failed ? "failed" : "" }, element("span", {}, text), ...more);
  const close = element("button", { type: "button" }, "Close");
  close.addEventListener("click", () => line.remove());
  line.append(close);
  one("#said").append(line);
  if (!failed) setTimeout(() => line.remove(), SAID_MS);
}

// Loads the page again and puts its main part in place of the old one.
export async function refresh() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const loaded = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [here, there] = [one("main"), one("main", loaded)];
  if (!here || !there) return;
  here.replaceChildren(...there.childNodes);
  document.dispatchEvent(new Event("refreshed"));
}
