// Bytes to lines, and lines to server-sent events. No I/O here: text goes in by pieces of any size, whole things come
// out. What is left when a connection breaks stays inside, so half a reply is never shown as a whole one.

/** NDJSON: lines end with LF. Empty lines are nothing. */
export class LineSplitter {
  #rest = "";

  push(text) {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop();
    return lines.map((line) => line.replace(/\r$/, "")).filter((line) => line !== "");
  }

  /** A last line without LF counts only when the stream ended well. */
  finish() {
    const last = this.#rest.replace(/\r$/, "");
    this.#rest = "";
    return last === "" ? [] : [last];
  }
}

/** Server-sent events as in the HTML standard, 9.2.6: CR, LF and CRLF end lines, an empty line ends an event. */
export class EventSplitter {
  #rest = "";
  #event = "";
  #data = [];
  #id = "";

  push(text) {
    const events = [];
    let input = this.#rest + text;
    // A CR at the very end may be half of a CRLF: it waits for the next piece.
    const held = input.endsWith("\r") ? "\r" : "";
    if (held) input = input.slice(0, -1);
    const lines = input.split(/\r\n|\n|\r/);
    this.#rest = lines.pop() + held;
    for (const line of lines) {
      const event = this.#line(line);
      if (event) events.push(event);
    }
    return events;
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    if (line.startsWith(":")) return { event: "comment", data: line.slice(1).trim(), id: "" };
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return null;
  }

  #dispatch() {
    const event = { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id };
    const isEmpty = this.#data.length === 0;
    this.#event = "";
    this.#data = [];
    return isEmpty ? null : event;
  }
}

/** The end record in an NDJSON line `{"$end":{...}}`, or null where the line is a reply. */
export function endRecordIn(line) {
  if (!line.startsWith('{"$end"')) return null;
  const value = parsed(line);
  const isAlone = value !== null && Object.keys(value).length === 1;
  return isAlone && typeof value.$end?.reason === "string" ? value.$end : null;
}

/** An integer that JavaScript would round keeps the text it came with, where the browser can do it. */
const exactly = (key, value, context) => {
  const isRounded = Number.isInteger(value) && !Number.isSafeInteger(value) && context?.source !== undefined;
  return isRounded && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
};

/** JSON or null: for records whose absence the caller can tell in words. */
export function parsed(text) {
  try {
    return JSON.parse(text, exactly);
  } catch {
    return null;
  }
}
