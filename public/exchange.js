// One exchange as this page takes part in it: sends a plan, tells what arrives, and always ends with one outcome.
//
//   plan -> fetch / EventSource / WebSocket -> hear.opened, hear.reply* -> outcome
//
// An outcome is { status, statusText, requestID, retryAfter, timing, end, problem, broke, cancelled, hidden, at }:
// `timing` is what the gateway says of queue and worker, `end` its end record or null, `broke` says that the connection
// ended without one, `hidden` that EventSource kept the HTTP answer to itself. Nothing here touches the document.

import { askBySocket } from "./socket.js";
import { exact, parsed, plainNumber } from "./json.js";
import { timingIn } from "./timing.js";
import { readEvents, readNDJSON } from "./zmq-gateway.js";

const cutShort = "The stream stopped without its end record.";

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
  if (outcome.end) outcome.end = { ...outcome.end, elapsed_ms: plainNumber(outcome.end.elapsed_ms) };
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
  if (type === "application/x-ndjson") return readStream(readNDJSON, response, hear, outcome);
  if (type === "text/event-stream") return readStream(readEvents, response, hear, outcome);
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

async function readStream(read, response, hear, outcome) {
  const take = { reply: hear.reply, problem: (text) => { outcome.problem = parsed(text); } };
  outcome.end = await read(response, take, (text) => JSON.parse(text, exact));
  if (!outcome.end) outcome.broke = cutShort;
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
    const take = {
      message: hear.reply,
      problem: (text) => { outcome.problem = parsed(text); },
      end: (text) => {
        outcome.end = parsed(text) ?? {};
        close();
      },
    };
    source.onopen = () => {
      isOpen = true;
      hear.opened(outcome);
    };
    for (const [name, act] of Object.entries(take)) source.addEventListener(name, ({ data }) => act(data));
    source.onerror = () => {
      outcome.hidden = !isOpen;
      outcome.broke = isOpen ? cutShort
        : "The request was refused. EventSource does not tell the status; ask again as SSE to see it.";
      close();
    };
    signal.addEventListener("abort", close, { once: true });
  });
}
