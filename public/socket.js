// Exchanges over the one WebSocket of this page, told as exchange.js tells those by HTTP. The socket is opened by the
// first exchange that wants it, and stays.

import { byID, say } from "./dom.js";
import { exact } from "./json.js";
import { duration } from "./words.js";
import { connect, GatewayError, toBase64 } from "./zmq-gateway.js";

let gateway = null;

export async function askBySocket(plan, signal, hear, outcome) {
  const body = plan.topics ? null : bodyOf(plan, outcome);
  if (outcome.problem) return;
  gateway ??= connect({ transport: "websocket", reviver: exact, onstate: showState });
  const options = { ...plan.rules, signal };
  const stream = plan.topics ? gateway.subscribe(plan.service, plan.topics, options)
    : gateway.stream(plan.service, body, options);
  try {
    for await (const reply of stream) hear.reply(JSON.stringify(reply));
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
  unreachable: "No WebSocket to the gateway",
  protocol_error: "The gateway could not be understood",
};

/** A WebSocket message holds the body inside JSON, so what is no JSON cannot even be sent. */
function bodyOf({ body, kind }, outcome) {
  if (kind === "text") return body;
  if (kind === "binary") return toBase64(new TextEncoder().encode(body));
  try {
    return JSON.parse(body, exact);
  } catch (error) {
    outcome.problem = { code: "bad_json", title: "Not sent", detail: `The request is not JSON. ${error.message}` };
    return null;
  }
}

/** "open", "back in 1.2 s", ... for the bar and for the sessions. */
export function stateWords({ state, retry_ms, missed }) {
  if (state === "reconnecting") return `reconnecting in ${duration(retry_ms)}`;
  if (state === "resumed") return missed ? `resumed, ${missed} lost` : "resumed";
  return state;
}

function showState(detail) {
  const chip = byID("socket-state");
  chip.hidden = false;
  chip.dataset.state = ["open", "resumed"].includes(detail.state) ? "ready" : "not-ready";
  say(chip.querySelector("span"), `WebSocket ${stateWords(detail)}`);
}
