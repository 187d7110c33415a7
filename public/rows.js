// One row of the response: a line that unfolds to the whole text. A reply has the time since the request and since the
// previous reply; a publisher's message has the time of day and the topic.

import { element } from "./dom.js";
import { clock, duration, number } from "./format.js";
import { indented, oneLine, parsed } from "./json.js";

export function replyRow({ text, at, gap, index }, isAlone) {
  const item = row(at, text, [
    element("span", { class: "seq" }, number(index)),
    element("time", { class: "at", title: "Time since the request was sent" }, `+${duration(at)}`),
    element("span", { class: "gap", title: "Time since the previous reply" }, index === 1 ? "" : `Δ ${duration(gap)}`),
  ]);
  if (isAlone && text.length > 100) item.firstElementChild.open = true;
  return item;
}

export function messageRow({ text, at, time, index }) {
  const { topic, body } = splitMessage(text);
  return row(at, body, [
    element("span", { class: "seq" }, number(index)),
    element("time", { class: "at" }, clock(time)),
    element("span", { class: "topic", title: topic }, topic ?? "–"),
  ]);
}

/** Cuts the message instead of parsing it, for the reason given in json.js. */
function splitMessage(text) {
  const match = /^\{(?:"topic":("(?:\\.|[^"\\])*"),)?"body":(.*)\}$/s.exec(text);
  return match ? { topic: parsed(match[1] ?? "null"), body: match[2] } : { topic: null, body: text };
}

function row(at, text, cells) {
  return element("li", { "data-at": at.toFixed(1) }, foldable(cells, text));
}

/** The cells and the text in one line that unfolds to the whole, indented text. */
export function foldable(cells, text) {
  const whole = element("pre");
  const details = element("details", {},
    element("summary", {}, ...cells, element("code", {}, oneLine(text))), whole);
  details.addEventListener("toggle", () => {
    if (details.open && !whole.hasChildNodes()) whole.append(indented(text));
  });
  return details;
}
