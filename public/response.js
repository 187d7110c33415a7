// The response: replies, or a publisher's messages, as they arrive, and a strip that shows when they arrived. Rows are
// added in batches. While the view is paused, new messages are counted and kept, but not shown.

import { appendRows, byID, drawing, element, followEnd, maxRows, setText } from "./dom.js";
import { showEnd } from "./end.js";
import { counted, duration, number } from "./format.js";
import { messageRow, replyRow } from "./rows.js";

const batchInterval = 16;
const clockInterval = 100;
/** The strip of a subscription, which may never end, shows the last minute. */
const stripSpan = 60_000;

const nouns = {
  replies: { title: "Replies", one: "reply", many: "replies" },
  messages: { title: "Messages", one: "message", many: "messages" },
};

export class ResponseView {
  #list = byID("replies");
  #count = 0;
  #shown = 0;
  #times = [];
  #waiting = [];
  #isPaused = false;
  #nouns = nouns.replies;
  #batch = null;
  #clock = null;
  #startedAt = 0;
  #openedAt = null;
  #plan = null;

  /** Nothing was sent yet; `empty` are nodes that say what to do. */
  clear(empty, isMessages) {
    this.#reset(isMessages);
    byID("strip").hidden = true;
    byID("empty").hidden = false;
    byID("empty").replaceChildren(...empty);
    setText(byID("progress"), "");
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
    const opened = this.#openedAt === null ? "" : `, header after ${duration(this.#openedAt)}`;
    const what = this.#plan.how === "json" && n === 1 ? "Response" : this.#countText();
    setText(byID("progress"), `${what} in ${duration(outcome.at)}${opened}`);
    // The end takes space from the list.
    followEnd(this.#list, () => showEnd(outcome, n, this.#plan));
  }

  #elapsed() {
    return performance.now() - this.#startedAt;
  }

  #countText() {
    return counted(this.#count, this.#nouns.one, this.#nouns.many);
  }

  #reset(isMessages) {
    clearInterval(this.#clock);
    clearTimeout(this.#batch);
    this.#batch = null;
    this.#plan = null;
    this.#nouns = isMessages ? nouns.messages : nouns.replies;
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
    setText(byID("response-title"), this.#nouns.title);
  }

  #tick() {
    const elapsed = this.#elapsed();
    const what = this.#count > 0 ? this.#countText() : `Waiting for the first ${this.#nouns.one}`;
    const paused = this.#isPaused ? `Paused, ${number(this.#count - this.#shown)} new · ` : "";
    setText(byID("progress"), `${paused}${what} · ${duration(elapsed)}`);
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
    const { one, many } = this.#nouns;
    setText(byID("elided"), `${counted(gone, `earlier ${one} is`, `earlier ${many} are`)} not shown.`);
  }

  /** Draws a tick for each reply on a line from the request to now. Ticks at the same pixel are drawn once. */
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
