// Colours and indents JSON text. The text is never parsed and written again: that would change numbers above 2^53 and
// drop duplicate keys, so the console would show something that the worker did not send.

import { element } from "./dom.js";

const token = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d[\d.eE+-]*|true|false|null)|([{}[\],:])|(\s+)|([^\s{}[\],:"]+|")/g;
const maxColoured = 64 * 1024;

/** A reviver for JSON.parse that keeps the text of numbers which JavaScript would write differently, such as 1.50 and
 *  12345678901234567890, in browsers that have JSON.rawJSON. */
export function exact(key, value, context) {
  const isChanged = typeof value === "number" && context?.source !== undefined && String(value) !== context.source;
  return isChanged && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
}

/** The number itself, if `exact` has kept its text. */
export const plainNumber = (number) => (JSON.isRawJSON?.(number) ? Number(number.rawJSON) : number);

/** The value, or null if the text is not JSON. */
export function parsed(text) {
  try {
    return JSON.parse(text, exact);
  } catch {
    return null;
  }
}

/** One line of at most `limit` characters, as a fragment of spans. */
export function oneLine(text, limit = 600) {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return coloured(cut, false);
}

/** The whole text, indented by two. Long text stays plain, so that a megabyte does not block the page. */
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
