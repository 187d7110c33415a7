// Runs exchanges over the page's one WebSocket, as exchange.js does by HTTP. The first exchange opens it, and it stays
// open.

import { byID, setText } from "./dom.js";
import { duration } from "./format.js";
import { exact } from "./json.js";
import { connect, GatewayError, toBase64 } from "./zmq-gateway.js";

let gateway = null;

export async function runOverWebSocket(plan, signal, handlers, outcome) {
  const body = plan.topics ? null : bodyOf(plan, outcome);
  if (outcome.problem) return;
  gateway ??= connect({ transport: "websocket", reviver: exact, onstate: showState });
  const options = { ...plan.rules, signal };
  const stream = plan.topics ? gateway.subscribe(plan.service, plan.topics, options)
    : gateway.stream(plan.service, body, options);
  try {
    for await (const reply of stream) handlers.reply(JSON.stringify(reply));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { code, message } = error;
    outcome.problem = error.problem ?? { code, title: titles[code] ?? code, detail: message };
  }
  if (stream.end?.elapsed_ms !== undefined) outcome.end = stream.end;
}

const titles = {
  connection_lost: "The connection was lost",
  replies_lost: "Replies were lost",
  unreachable: "No WebSocket connection to the gateway",
  protocol_error: "The gateway sent a malformed message",
};

/** The body is part of a JSON message, so a JSON body must be valid to be sent at all. */
function bodyOf({ body, kind }, outcome) {
  if (kind === "text") return body;
  if (kind === "binary") return toBase64(new TextEncoder().encode(body));
  try {
    return JSON.parse(body, exact);
  } catch (error) {
    const detail = `The request is not valid JSON: ${error.message}`;
    outcome.problem = { code: "bad_json", title: "Not sent", detail };
    return null;
  }
}

/** "open", "reconnecting in 1.2 s", ... for the bar and the session log. */
export function stateText({ state, retry_ms, missed }) {
  if (state === "reconnecting") return `reconnecting in ${duration(retry_ms)}`;
  if (state === "resumed") return missed ? `resumed, ${missed} lost` : "resumed";
  return state;
}

function showState(detail) {
  const chip = byID("socket-state");
  chip.hidden = false;
  chip.dataset.state = ["open", "resumed"].includes(detail.state) ? "ready" : "not-ready";
  setText(chip.querySelector("span"), `WebSocket ${stateText(detail)}`);
}
