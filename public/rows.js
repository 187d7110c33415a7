// One row of the answer: a line that opens to the whole text. A reply says when it came and how long after the one
// before it; a publisher's message says at what time, on which topic.

import { element } from "./dom.js";
import { indented, oneLine, parsed } from "./json.js";
import { clock, duration, number } from "./words.js";

export function replyRow({ text, at, gap, index }, isAlone) {
  const made = row(at, text, [
    element("span", { class: "seq" }, number(index)),
    element("time", { class: "at", title: "since the request was sent" }, `+${duration(at)}`),
    element("span", { class: "gap", title: "since the reply before" }, index === 1 ? "" : `Δ ${duration(gap)}`),
  ]);
  if (isAlone && text.length > 100) made.firstElementChild.open = true;
  return made;
}

export function messageRow({ text, at, time, index }) {
  const { topic, body } = messageIn(text);
  return row(at, body, [
    element("span", { class: "seq" }, number(index)),
    element("time", { class: "at" }, clock(time)),
    element("span", { class: "topic", title: topic }, topic ?? "–"),
  ]);
}

/** The body stays the text that came, for the same reason as in json.js. */
function messageIn(text) {
  const match = /^\{(?:"topic":("(?:\\.|[^"\\])*"),)?"body":(.*)\}$/s.exec(text);
  return match ? { topic: parsed(match[1] ?? "null"), body: match[2] } : { topic: null, body: text };
}

function row(at, text, cells) {
  return element("li", { "data-at": at.toFixed(1) }, foldable(cells, text));
}

/** The cells and the text in one line, which opens to the whole text. */
export function foldable(cells, text) {
  const whole = element("pre");
  const details = element("details", {},
    element("summary", {}, ...cells, element("code", {}, oneLine(text))), whole);
  details.addEventListener("toggle", () => {
    if (details.open && !whole.hasChildNodes()) whole.append(indented(text));
  });
  return details;
}
