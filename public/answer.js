// The answer: replies, or a publisher's messages, as they arrive, and the strip of their arrivals. Rows are added in
// batches of one timer tick, and only the last few hundred stay, so that a fast service cannot bring the page down.
// While it is paused what comes is counted and kept, but not shown.

import { appendRows, byID, drawing, element, followEnd, maxRows, say } from "./dom.js";
import { showEnd } from "./end.js";
import { messageRow, replyRow } from "./rows.js";
import { counted, duration } from "./words.js";

const batchInterval = 16;
const clockInterval = 100;
/** A subscription has no end of its own: its strip shows the last minute. */
const stripSpan = 60_000;

const words = {
  replies: { title: "Replies", one: "reply", many: "replies" },
  messages: { title: "Messages", one: "message", many: "messages" },
};

export class Answer {
  #list = byID("replies");
  #count = 0;
  #shown = 0;
  #times = [];
  #waiting = [];
  #isPaused = false;
  #words = words.replies;
  #batch = null;
  #clock = null;
  #startedAt = 0;
  #openedAt = null;
  #plan = null;

  /** Nothing was asked yet; `empty` says what to do. */
  clear(empty, isMessages) {
    this.#reset(isMessages);
    byID("strip").hidden = true;
    byID("empty").hidden = false;
    byID("empty").replaceChildren(...empty);
    say(byID("progress"), "");
  }

  start(plan) {
    this.#reset(plan.topics !== undefined);
    this.#plan = plan;
    byID("empty").hidden = true;
    byID("strip").hidden = false;
    this.#clock = setInterval(() => this.#tick(), clockInterval);
    this.#tick();
  }

  opened() {
    this.#openedAt = this.#elapsed();
    this.#tick();
  }

  reply(text) {
    const at = this.#elapsed();
    this.#count += 1;
    this.#waiting.push({ text, at, gap: at - (this.#times.at(-1) ?? 0), index: this.#count, time: new Date() });
    this.#times.push(at);
    if (this.#isPaused) this.#waiting.splice(0, this.#waiting.length - maxRows);
    else this.#batch ??= setTimeout(() => this.#flush(), batchInterval);
  }

  get isPaused() {
    return this.#isPaused;
  }

  set isPaused(isPaused) {
    this.#isPaused = isPaused;
    if (!this.#plan) return;
    if (!isPaused) this.#flush();
    this.#tick();
  }

  finish(outcome) {
    clearInterval(this.#clock);
    this.#isPaused = false;
    this.#flush();
    this.#drawStrip(outcome.at);
    const n = this.#count;
    const opened = this.#openedAt === null ? "" : `, headers after ${duration(this.#openedAt)}`;
    const what = this.#plan.how === "json" && n === 1 ? "Response" : this.#told();
    say(byID("progress"), `${what} in ${duration(outcome.at)}${opened}`);
    // The end takes its place from the list.
    followEnd(this.#list, () => showEnd(outcome, n, this.#plan));
  }

  #elapsed() {
    return performance.now() - this.#startedAt;
  }

  #told() {
    return counted(this.#count, this.#words.one, this.#words.many);
  }

  #reset(isMessages) {
    clearInterval(this.#clock);
    clearTimeout(this.#batch);
    this.#batch = null;
    this.#plan = null;
    this.#words = isMessages ? words.messages : words.replies;
    this.#count = 0;
    this.#shown = 0;
    this.#times = [];
    this.#waiting = [];
    this.#isPaused = false;
    this.#openedAt = null;
    this.#startedAt = performance.now();
    this.#list.replaceChildren();
    this.#list.classList.toggle("messages", isMessages);
    byID("end").replaceChildren();
    delete byID("end").dataset.state;
    byID("elided").hidden = true;
    say(byID("answer-title"), this.#words.title);
  }

  #tick() {
    const elapsed = this.#elapsed();
    const what = this.#count > 0 ? this.#told() : `Waiting for the first ${this.#words.one}`;
    const held = this.#isPaused ? `Paused, ${counted(this.#count - this.#shown, "new one", "new ones")} · ` : "";
    say(byID("progress"), `${held}${what} · ${duration(elapsed)}`);
    this.#drawStrip(elapsed);
  }

  #flush() {
    clearTimeout(this.#batch);
    this.#batch = null;
    const list = this.#list;
    const isAlone = this.#plan.how === "json";
    const made = (one) => (this.#plan.topics ? messageRow(one) : replyRow(one, isAlone));
    appendRows(list, this.#waiting.slice(-maxRows).map(made));
    this.#waiting = [];
    this.#shown = this.#count;
    const gone = this.#count - list.childElementCount;
    byID("elided").hidden = gone === 0;
    const { one, many } = this.#words;
    say(byID("elided"), `${counted(gone, `earlier ${one} is`, `earlier ${many} are`)} not shown.`);
  }

  /** Each reply is a tick on a line from the sending to now; ticks on the same pixel are drawn once. */
  #drawStrip(elapsed) {
    const from = this.#plan.topics ? Math.max(0, elapsed - stripSpan) : 0;
    if (from > 0) this.#times = this.#times.filter((at) => at >= from);
    const span = Math.max(elapsed - from, 250);
    const columns = new Set(this.#times.map((at) => Math.round(((at - from) / span) * 1000)));
    const path = [...columns].map((x) => `M${x} 3V17`).join("");
    const end = Math.round(((elapsed - from) / span) * 1000);
    byID("strip").replaceChildren(
      drawing("svg", { viewBox: "0 0 1000 20", preserveAspectRatio: "none", "aria-hidden": "true" },
        drawing("path", { class: "base", d: `M0 10H${end}` }),
        drawing("path", { class: "ticks", d: path })),
      element("span", {}, from > 0 ? "-1 min" : "0"),
      element("span", {}, from > 0 ? "now" : duration(span)));
  }
}
