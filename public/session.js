// The sessions view: one raw session with the chosen service. What goes out, what comes in and what happens to the
// connection are lines of one log, so that a break can be seen between the replies it fell between.

import { appendRows, byID, element, factRows, say } from "./dom.js";
import { Editor } from "./editor.js";
import { exact } from "./json.js";
import { bodyKindOf } from "./request.js";
import { foldable } from "./rows.js";
import { stateWords } from "./socket.js";
import { duration, number } from "./words.js";
import { connect, toBase64 } from "./zmq-gateway.js";

export class SessionView {
  #editor = new Editor("message", () => this.#draw());
  #log = byID("session-log");
  #service = null;
  #kind = "json";
  #session = null;
  #socket = null;
  #openedAt = 0;
  #counts = { sent: 0, received: 0 };

  constructor() {
    byID("session-open").addEventListener("click", () => this.#open());
    byID("session-close").addEventListener("click", () => this.#session?.close());
    // 4000 is a code of the application's own: to the gateway a connection that went, not a session that is over.
    byID("session-break").addEventListener("click", () => this.#socket?.close(4000));
    byID("session-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#draw();
  }

  get isOpen() {
    return this.#session !== null && this.#session.state !== "closed";
  }

  /** A session that is open stays with its service; the next one goes to the chosen service. */
  focus(service) {
    this.#service = service;
    if (!this.isOpen) this.#editor.wantJSON(bodyKindOf(service) === "json");
    this.#draw();
  }

  suggest(body) {
    if (!this.isOpen) this.#editor.value = body;
    this.#draw();
  }

  submit() {
    if (this.isOpen) this.#send();
    else this.#open();
  }

  #open() {
    if (!this.#service || this.isOpen) return;
    const view = this;
    this.#openedAt = performance.now();
    this.#counts = { sent: 0, received: 0 };
    this.#log.replaceChildren();
    // The newest socket is kept, so that the button can break it.
    class Breakable extends WebSocket {
      constructor(...of) {
        super(...of);
        view.#socket = this;
      }
    }
    const kind = bodyKindOf(this.#service);
    this.#kind = kind;
    const connection = connect({ transport: "websocket", WebSocket: Breakable, reviver: exact });
    this.#session = connection.session(this.#service.name, {
      resume: byID("session-resume").checked, as: kind, onstate: (detail) => this.#changed(detail),
      onmessage: ({ data }) => this.#received(shown(data, kind)),
    });
  }

  #send() {
    const text = this.#editor.value;
    if (!this.isOpen || byID("message-send").disabled) return;
    const read = { json: () => JSON.parse(text, exact), text: () => text, binary: () => new TextEncoder().encode(text) };
    this.#session.send(read[this.#kind]());
    this.#counts.sent += 1;
    this.#row("sent", "↑", text);
  }

  #received(text) {
    this.#counts.received += 1;
    this.#row("received", "↓", text);
  }

  #changed(detail) {
    const closed = detail.state === "closed" && detail.error ? `closed: ${detail.error.message}` : "";
    this.#row("state", "·", closed || stateWords(detail));
    this.#draw(detail);
  }

  #row(kind, sign, text) {
    const at = `+${duration(performance.now() - this.#openedAt)}`;
    const cells = [element("time", { class: "at" }, at), element("span", { class: "sign", "aria-label": kind }, sign)];
    const isState = kind === "state";
    const line = isState ? element("p", { class: "row" }, ...cells, element("em", {}, text)) : foldable(cells, text);
    appendRows(this.#log, [element("li", { "data-kind": kind }, line)]);
    this.#draw();
  }

  #draw(detail = null) {
    const { isOpen } = this;
    const chip = byID("session-state");
    if (detail || !this.#session) {
      const isUp = ["open", "resumed"].includes(detail?.state);
      chip.dataset.state = isUp ? "ready" : isOpen ? "waiting" : "unknown";
      chip.dataset.word = detail?.state ?? "none";
      say(chip.querySelector("span"), detail ? `${this.#session.service}: ${stateWords(detail)}` : "no session");
    }
    byID("session-open").disabled = isOpen || !this.#service;
    say(byID("session-open"), `Open a session on ${this.#service?.name ?? "…"}`);
    byID("session-close").disabled = !isOpen;
    byID("session-break").disabled = this.#session?.state !== "open";
    byID("session-resume").disabled = isOpen;
    byID("message-send").disabled = !isOpen || byID("message").getAttribute("aria-invalid") === "true";
    byID("session-empty").hidden = this.#session !== null;
    byID("session-facts").replaceChildren(...factRows(this.#session ? this.#facts() : []));
  }

  #facts() {
    const { info, missed } = this.#session;
    const isResumable = info.resume_ms > 0;
    return [
      ["Sent", number(this.#counts.sent)],
      ["Received", number(this.#counts.received)],
      ["Request id", info.request_id],
      ["Kept for", isResumable ? duration(info.resume_ms) : null],
      ["Last number", isResumable ? number(info.seq) : null],
      ["Acknowledged", isResumable ? number(info.acked) : null],
      ["Breaks", number(info.drops)],
      ["Lost", missed ? number(missed) : null],
    ];
  }
}

/** A reply as exchanges show it, except that text has no quotes. */
function shown(reply, kind) {
  if (kind === "text") return reply;
  return JSON.stringify(kind === "binary" ? toBase64(reply) : reply);
}
