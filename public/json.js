// JSON for reading: colours and indents the text as it came. It never goes through JSON.parse and back, because that
// would change numbers beyond 2^53, drop duplicate keys, and so show another reply than the worker sent.

import { element } from "./dom.js";

const token = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d[\d.eE+-]*|true|false|null)|([{}[\],:])|(\s+)|([^\s{}[\],:"]+|")/g;
const maxColoured = 64 * 1024;

/** A reviver for JSON.parse that keeps the text of numbers which JavaScript would write differently (12345678901234567890,
 *  1.50), in browsers that have JSON.rawJSON. */
export function exact(key, value, context) {
  const isChanged = typeof value === "number" && context?.source !== undefined && String(value) !== context.source;
  return isChanged && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
}

/** A number to calculate with, from one that `exact` may have kept as text. */
export const plainNumber = (number) => (JSON.isRawJSON?.(number) ? Number(number.rawJSON) : number);

/** The parsed JSON, or null if the text is not JSON. */
export function parsed(text) {
  try {
    return JSON.parse(text, exact);
  } catch {
    return null;
  }
}

/** One line of at most `limit` characters, as spans in a fragment. */
export function oneLine(text, limit = 600) {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return coloured(cut, false);
}

/** The whole reply, indented by two. Long ones stay plain, so that a megabyte does not hold the page. */
export function indented(text) {
  const isJSON = text.length <= maxColoured && (parsed(text) !== null || text.trim() === "null");
  if (!isJSON) return document.createTextNode(text);
  return coloured(text, true);
}

function coloured(text, isIndented) {
  const made = document.createDocumentFragment();
  let depth = 0;
  let previous = "";
  const put = (className, part) => made.append(element("span", { class: className }, part));
  const newLine = () => isIndented && made.append(`\n${"  ".repeat(depth)}`);
  for (const [whole, string, colon, literal, mark, space] of text.matchAll(token)) {
    if (space !== undefined) {
      if (!isIndented && previous !== ":" && previous !== ",") made.append(" ");
      continue;
    }
    const closes = mark === "}" || mark === "]";
    if (closes) {
      depth = Math.max(0, depth - 1);
      if (previous !== "{" && previous !== "[") newLine();
    } else if (previous === "{" || previous === "[" || previous === ",") {
      newLine();
    }
    if (colon !== undefined) {
      put("k", string);
      put("p", ":");
      made.append(" ");
      previous = ":";
      continue;
    }
    if (mark !== undefined) put("p", mark);
    else put(string !== undefined ? "s" : literal !== undefined ? "n" : "x", whole);
    if (mark === "{" || mark === "[") depth += 1;
    if (mark === "," && !isIndented) made.append(" ");
    previous = mark ?? "value";
  }
  return made;
}
