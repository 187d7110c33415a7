// One exchange as this page takes part in it: sends a plan, tells what arrives, and always ends with one outcome.
//
//   plan -> fetch / EventSource / WebSocket -> hear.opened, hear.reply*, (hear.sign: a keep-alive) -> outcome
//
// An outcome is { status, statusText, requestID, retryAfter, timing, end, problem, broke, cancelled, hidden, at }:
// `timing` is what the gateway says of queue and worker, `end` its end record or null, `broke` says that the connection
// ended without one, `hidden` that EventSource kept the HTTP answer to itself. Nothing here touches the document.

import { askBySocket } from "./socket.js";
import { EventSplitter, LineSplitter, endRecordIn, parsed } from "./streams.js";
import { timingIn } from "./timing.js";

export async function runExchange(plan, signal, hear) {
  const startedAt = performance.now();
  const outcome = { end: null, problem: null, broke: "", cancelled: false, hidden: false };
  try {
    if (plan.how === "websocket") await askBySocket(plan, signal, hear, outcome);
    else if (plan.how === "eventsource") await listen(plan, signal, hear, outcome);
    else await ask(plan, signal, hear, outcome);
  } catch (error) {
    if (signal.aborted) outcome.cancelled = true;
    else if (!outcome.end) outcome.broke = error?.message || String(error);
  }
  if (signal.aborted && !outcome.end) outcome.cancelled = true;
  outcome.problem ??= outcome.end?.problem ?? null;
  outcome.requestID = outcome.end?.request_id ?? outcome.problem?.request_id ?? outcome.requestID;
  outcome.at = performance.now() - startedAt;
  return outcome;
}

async function ask(plan, signal, hear, outcome) {
  const response = await fetch(plan.url, {
    method: plan.method, headers: plan.headers, body: plan.body, signal, cache: "no-store", redirect: "error",
  });
  const type = (response.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();
  outcome.status = response.status;
  outcome.statusText = response.statusText;
  outcome.requestID = response.headers.get("x-request-id") ?? undefined;
  outcome.retryAfter = response.headers.get("retry-after") ?? undefined;
  outcome.timing = timingIn(response.headers.get("server-timing"));
  hear.opened(outcome);
  if (type === "application/x-ndjson") return readLines(response, hear, outcome);
  if (type === "text/event-stream") return readEvents(response, hear, outcome);
  return readWhole(response, type, hear, outcome);
}

/** A single answer: the JSON of the replies, or a problem, which may carry the replies that did come. */
async function readWhole(response, type, hear, outcome) {
  const text = await response.text();
  const isProblem = type === "application/problem+json" || !response.ok;
  if (!isProblem) {
    hear.reply(text);
    return;
  }
  const problem = parsed(text);
  const isObject = problem !== null && typeof problem === "object";
  outcome.problem = isObject ? problem : { title: outcome.statusText, detail: text.slice(0, 2000) };
  if (Array.isArray(outcome.problem.replies)) {
    for (const reply of outcome.problem.replies) hear.reply(JSON.stringify(reply));
  }
}

/** A complete stream simply ends. An incomplete one has the end record last, and then the connection breaks: the
 *  reader throws, and with the record in hand that is no news. Only the last line can be the record. */
async function readLines(response, hear, outcome) {
  const splitter = new LineSplitter();
  let held = null;
  const take = (lines) => {
    for (const line of lines) {
      if (held !== null) hear.reply(held);
      held = endRecordIn(line) ? line : null;
      if (held === null) hear.reply(line);
    }
  };
  try {
    for await (const text of texts(response)) take(splitter.push(text));
    take(splitter.finish());
  } finally {
    if (held !== null) outcome.end = endRecordIn(held);
  }
}

async function readEvents(response, hear, outcome) {
  const splitter = new EventSplitter();
  for await (const text of texts(response)) {
    for (const event of splitter.push(text)) {
      if (takeEvent(event, hear, outcome)) return;
    }
  }
  outcome.broke = "The stream stopped without its end event.";
}

/** True when this was the last event. */
function takeEvent({ event, data }, hear, outcome) {
  if (event === "comment") hear.sign();
  else if (event === "end") outcome.end = parsed(data) ?? {};
  else if (event === "problem") outcome.problem = parsed(data);
  else hear.reply(data);
  return event === "end";
}

async function* texts(response) {
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** EventSource connects again by itself, which would run the request again: it is closed at the first break. */
function listen(plan, signal, hear, outcome) {
  return new Promise((resolve) => {
    const source = new EventSource(plan.url);
    let isOpen = false;
    const close = () => {
      source.close();
      resolve();
    };
    const take = (event) => {
      if (takeEvent({ event: event.type, data: event.data }, hear, outcome)) close();
    };
    source.onopen = () => {
      isOpen = true;
      hear.opened(outcome);
    };
    for (const name of ["message", "reply", "problem", "end"]) source.addEventListener(name, take);
    source.onerror = () => {
      outcome.hidden = !isOpen;
      outcome.broke = isOpen
        ? "The stream stopped without its end event."
        : "The request was refused. EventSource does not tell the status; ask again as SSE to see it.";
      close();
    };
    signal.addEventListener("abort", close, { once: true });
  });
}
