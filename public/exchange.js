// Runs one exchange: sends a plan, reports what arrives, and always returns one outcome. Does not touch the document.
//
//   plan -> fetch, EventSource or WebSocket -> handlers.opened, handlers.reply (0..N) -> outcome
//
// An outcome is { status, statusText, requestID, retryAfter, timing, end, problem, broke, cancelled, hidden, at }:
// `timing` is the parsed Server-Timing header, `end` the end record or null, `broke` why the connection ended without
// an end record, `hidden` that EventSource does not reveal the HTTP response, `at` the time that it took.

import { exact, parsed, plainNumber } from "./json.js";
import { runOverWebSocket } from "./socket.js";
import { parseTiming } from "./timing.js";
import { readEvents, readNDJSON } from "./zmq-gateway.js";

const noEnd = "The stream stopped without an end record.";

export async function runExchange(plan, signal, handlers) {
  const startedAt = performance.now();
  const outcome = { end: null, problem: null, broke: "", cancelled: false, hidden: false };
  try {
    if (plan.how === "websocket") await runOverWebSocket(plan, signal, handlers, outcome);
    else if (plan.how === "eventsource") await runByEventSource(plan, signal, handlers, outcome);
    else await runByFetch(plan, signal, handlers, outcome);
  } catch (error) {
    if (signal.aborted) outcome.cancelled = true;
    else if (!outcome.end) outcome.broke = error?.message || String(error);
  }
  if (signal.aborted && !outcome.end) outcome.cancelled = true;
  outcome.problem ??= outcome.end?.problem ?? null;
  if (outcome.end) outcome.end = { ...outcome.end, elapsed_ms: plainNumber(outcome.end.elapsed_ms) };
  outcome.requestID = outcome.end?.request_id ?? outcome.problem?.request_id ?? outcome.requestID;
  outcome.at = performance.now() - startedAt;
  return outcome;
}

async function runByFetch(plan, signal, handlers, outcome) {
  const response = await fetch(plan.url, {
    method: plan.method, headers: plan.headers, body: plan.body, signal, cache: "no-store", redirect: "error",
  });
  const type = (response.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();
  outcome.status = response.status;
  outcome.statusText = response.statusText;
  outcome.requestID = response.headers.get("x-request-id") ?? undefined;
  outcome.retryAfter = response.headers.get("retry-after") ?? undefined;
  outcome.timing = parseTiming(response.headers.get("server-timing"));
  handlers.opened(outcome);
  if (type === "application/x-ndjson") return readStream(readNDJSON, response, handlers, outcome);
  if (type === "text/event-stream") return readStream(readEvents, response, handlers, outcome);
  return readWhole(response, type, handlers, outcome);
}

/** A response in one piece: the replies as JSON, or a problem, which may have the replies that arrived before it. */
async function readWhole(response, type, handlers, outcome) {
  const text = await response.text();
  const isProblem = type === "application/problem+json" || !response.ok;
  if (!isProblem) {
    handlers.reply(text);
    return;
  }
  const problem = parsed(text);
  const isObject = problem !== null && typeof problem === "object";
  outcome.problem = isObject ? problem : { title: outcome.statusText, detail: text.slice(0, 2000) };
  if (Array.isArray(outcome.problem.replies)) {
    for (const reply of outcome.problem.replies) handlers.reply(JSON.stringify(reply));
  }
}

async function readStream(read, response, handlers, outcome) {
  const take = { reply: handlers.reply, problem: (text) => { outcome.problem = parsed(text); } };
  outcome.end = await read(response, take, (text) => JSON.parse(text, exact));
  if (!outcome.end) outcome.broke = noEnd;
}

/** EventSource reconnects by itself, which would send the request again; so it is closed at the first error. */
function runByEventSource(plan, signal, handlers, outcome) {
  return new Promise((resolve) => {
    const source = new EventSource(plan.url);
    let isOpen = false;
    const close = () => {
      source.close();
      resolve();
    };
    const take = {
      message: handlers.reply,
      problem: (text) => { outcome.problem = parsed(text); },
      end: (text) => {
        outcome.end = parsed(text) ?? {};
        close();
      },
    };
    source.onopen = () => {
      isOpen = true;
      handlers.opened(outcome);
    };
    for (const [name, act] of Object.entries(take)) source.addEventListener(name, ({ data }) => act(data));
    source.onerror = () => {
      outcome.hidden = !isOpen;
      outcome.broke = isOpen ? noEnd
        : "The request was rejected. EventSource hides the reason; send it again as SSE to see it.";
      close();
    };
    signal.addEventListener("abort", close, { once: true });
  });
}
