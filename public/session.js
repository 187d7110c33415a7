// The session view: one raw session with the selected service. Messages in both directions and changes of the
// connection are rows of one log, so you can see between which messages the connection was lost.

import { appendRows, byID, element, factRows, setText } from "./dom.js";
import { Editor } from "./editor.js";
import { duration, number, setting } from "./format.js";
import { exact } from "./json.js";
import { bodyKindOf } from "./request.js";
import { foldable } from "./rows.js";
import { stateText } from "./socket.js";
import { connect, toBase64 } from "./zmq-gateway.js";

export class SessionView {
  #editor = new Editor("message", () => this.#draw());
  #log = byID("session-log");
  #service = null;
  #bodyKind = "json";
  #session = null;
  #socket = null;
  #openedAt = 0;
  #counts = { sent: 0, received: 0 };

  constructor() {
    byID("session-open").addEventListener("click", () => this.#open());
    byID("session-close").addEventListener("click", () => this.#session?.close());
    // With 4000 the gateway treats the connection as lost; only 1000 ends the session.
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

  /** An open session stays with its service; the next one is opened with this service. */
  focus(service) {
    this.#service = service;
    if (!this.isOpen) this.#editor.setJSON(bodyKindOf(service) === "json");
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
    // Keeps the newest WebSocket for the button that drops it.
    class Droppable extends WebSocket {
      constructor(...of) {
        super(...of);
        view.#socket = this;
      }
    }
    const kind = bodyKindOf(this.#service);
    this.#bodyKind = kind;
    const connection = connect({ transport: "websocket", WebSocket: Droppable, reviver: exact });
    this.#session = connection.session(this.#service.name, {
      resume: byID("session-resume").checked, as: kind, onstate: (detail) => this.#changed(detail),
      onmessage: ({ data }) => this.#received(shown(data, kind)),
    });
  }

  #send() {
    const text = this.#editor.value;
    if (!this.isOpen || byID("message-send").disabled) return;
    const encode = {
      json: () => JSON.parse(text, exact), text: () => text, binary: () => new TextEncoder().encode(text),
    };
    this.#session.send(encode[this.#bodyKind]());
    this.#counts.sent += 1;
    this.#row("sent", "↑", text);
  }

  #received(text) {
    this.#counts.received += 1;
    this.#row("received", "↓", text);
  }

  #changed(detail) {
    const closed = detail.state === "closed" && detail.error ? `closed: ${detail.error.message}` : "";
    this.#row("state", "·", closed || stateText(detail));
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
      chip.dataset.detail = detail?.state ?? "none";
      setText(chip.querySelector("span"), detail ? `${this.#session.service}: ${stateText(detail)}` : "no session");
    }
    byID("session-open").disabled = isOpen || !this.#service;
    setText(byID("session-open"), `Open session with ${this.#service?.name ?? "…"}`);
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
      ["Resumable for", isResumable ? setting(info.resume_ms) : null],
      ["Last seq", isResumable ? number(info.seq) : null],
      ["Acknowledged", isResumable ? number(info.acked) : null],
      ["Disconnects", number(info.drops)],
      ["Lost", missed ? number(missed) : null],
    ];
  }
}

/** The reply as an exchange would show it, except that text has no quotes. */
function shown(reply, kind) {
  if (kind === "text") return reply;
  return JSON.stringify(kind === "binary" ? toBase64(reply) : reply);
}
