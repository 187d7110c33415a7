// The answer: replies as they arrive, the strip of their arrivals, and how the exchange ended, in words.
// Rows are added in batches of one timer tick, and only the last few hundred stay, so that a fast service cannot
// bring the page down.

import { byID, drawing, element, say } from "./dom.js";
import { indented, oneLine } from "./json.js";
import { counted, duration, endWords, number, outcomeOf } from "./words.js";

const maxRows = 500;
const batchInterval = 16;
const clockInterval = 100;

export class Answer {
  #list = byID("replies");
  #times = [];
  #waiting = [];
  #batch = null;
  #clock = null;
  #startedAt = 0;
  #openedAt = null;
  #plan = null;

  start(plan) {
    this.#plan = plan;
    this.#times = [];
    this.#waiting = [];
    this.#openedAt = null;
    this.#startedAt = performance.now();
    this.#list.replaceChildren();
    byID("end").replaceChildren();
    delete byID("end").dataset.state;
    byID("elided").hidden = true;
    byID("empty").hidden = true;
    byID("strip").hidden = false;
    this.#clock = setInterval(() => this.#tick(), clockInterval);
    this.#tick();
  }

  opened() {
    this.#openedAt = this.#elapsed();
    this.#tick();
  }

  sign() {
    this.#tick();
  }

  reply(text) {
    const at = this.#elapsed();
    this.#waiting.push({ text, at, gap: at - (this.#times.at(-1) ?? 0), index: this.#times.length + 1 });
    this.#times.push(at);
    this.#batch ??= setTimeout(() => this.#flush(), batchInterval);
  }

  finish(outcome) {
    clearInterval(this.#clock);
    this.#flush();
    this.#drawStrip(outcome.at);
    const n = this.#times.length;
    const opened = this.#openedAt === null ? "" : `, headers after ${duration(this.#openedAt)}`;
    const what = this.#plan.how === "json" && n === 1 ? "Response" : counted(n, "reply", "replies");
    say(byID("progress"), `${what} in ${duration(outcome.at)}${opened}`);
    showEnd(outcome, n, this.#plan);
  }

  #elapsed() {
    return performance.now() - this.#startedAt;
  }

  #tick() {
    const elapsed = this.#elapsed();
    const n = this.#times.length;
    const what = n > 0 ? counted(n, "reply", "replies") : "Waiting for the first reply";
    say(byID("progress"), `${what} · ${duration(elapsed)}`);
    this.#drawStrip(elapsed);
  }

  #flush() {
    clearTimeout(this.#batch);
    this.#batch = null;
    const list = this.#list;
    const follows = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const isAlone = this.#plan.how === "json";
    list.append(...this.#waiting.slice(-maxRows).map((reply) => row(reply, isAlone)));
    this.#waiting = [];
    while (list.childElementCount > maxRows) list.firstElementChild.remove();
    const gone = this.#times.length - list.childElementCount;
    byID("elided").hidden = gone === 0;
    say(byID("elided"), `${counted(gone, "earlier reply is", "earlier replies are")} not shown.`);
    if (follows) list.scrollTop = list.scrollHeight;
  }

  /** Each reply is a tick on a line from the sending to now; ticks on the same pixel are drawn once. */
  #drawStrip(elapsed) {
    const span = Math.max(elapsed, 250);
    const columns = new Set(this.#times.map((at) => Math.round((at / span) * 1000)));
    const path = [...columns].map((x) => `M${x} 3V17`).join("");
    const end = Math.round((elapsed / span) * 1000);
    byID("strip").replaceChildren(
      drawing("svg", { viewBox: "0 0 1000 20", preserveAspectRatio: "none", "aria-hidden": "true" },
        drawing("path", { class: "base", d: `M0 10H${end}` }),
        drawing("path", { class: "ticks", d: path })),
      element("span", {}, "0"),
      element("span", {}, duration(span)));
  }
}

function row({ text, at, gap, index }, isAlone) {
  const body = element("pre");
  const details = element("details", {},
    element("summary", {},
      element("span", { class: "seq" }, number(index)),
      element("time", { class: "at", title: "since the request was sent" }, `+${duration(at)}`),
      element("span", { class: "gap", title: "since the reply before" }, index === 1 ? "" : `Δ ${duration(gap)}`),
      element("code", {}, oneLine(text))),
    body);
  details.addEventListener("toggle", () => {
    if (details.open && !body.hasChildNodes()) body.append(indented(text));
  });
  if (isAlone && text.length > 100) details.open = true;
  return element("li", { "data-at": at.toFixed(1) }, details);
}

function showEnd(outcome, shown, plan) {
  const { state, headline, sentence } = verdict(outcome, shown, plan);
  const { end, problem } = outcome;
  // One JSON response may be one reply or an array of many, and nothing in it says which.
  const isWhole = plan.how === "json" && !end && !problem;
  const facts = [
    ["Reason", end?.reason],
    ["HTTP", outcome.status ? `${outcome.status} ${outcome.statusText ?? ""}`.trim() : undefined],
    ["Replies", isWhole ? undefined : number(end?.replies ?? shown)],
    ["Elapsed", end?.elapsed_ms === undefined ? undefined : `${duration(end.elapsed_ms)} at the gateway`],
    ["Retry after", outcome.retryAfter ? `${outcome.retryAfter} s` : undefined],
    ["Request", outcome.requestID],
  ].filter(([, value]) => value !== undefined && value !== "");
  byID("end").dataset.state = state;
  byID("end").dataset.reason = end?.reason ?? "";
  // replaceChildren writes null out as a word: what is absent must not get there.
  byID("end").replaceChildren(...[
    element("h3", {}, headline),
    sentence ? element("p", { class: "sentence" }, sentence) : null,
    problem ? problemBox(problem, headline) : null,
    element("dl", {}, ...facts.map(([name, value]) => element("div", {}, element("dt", {}, name),
      element("dd", { "data-fact": name.toLowerCase() }, value)))),
  ].filter(Boolean));
}

function verdict(outcome, shown, plan) {
  const { end, problem, status } = outcome;
  if (outcome.cancelled) {
    return { state: "incomplete", headline: "Cancelled", sentence: "You cancelled. The gateway tells the worker." };
  }
  if (end?.reason) {
    const [headline, sentence] = endWords(end);
    const state = end.ok ? "ok" : outcomeOf(end.reason) === "failed" ? "failed" : "incomplete";
    return { state, headline, sentence };
  }
  if (problem) {
    return { state: "failed", headline: problem.title ?? `HTTP ${status}`, sentence: "" };
  }
  if (outcome.broke) {
    const headline = outcome.hidden ? "Refused" : status ? "The connection broke" : "The gateway does not answer";
    return { state: "failed", headline, sentence: outcome.broke };
  }
  const sentence = plan.how === "json" ? "One response with all that the worker sent." : "The stream ended well.";
  return { state: "ok", headline: shown ? "Complete" : "Complete, and empty", sentence };
}

function problemBox(problem, headline) {
  const title = problem.title ?? "Problem";
  return element("div", { class: "problem" },
    element("p", {},
      problem.code && element("code", { id: "problem-code" }, problem.code),
      problem.status && element("span", { class: "status" }, String(problem.status)),
      title === headline ? null : element("strong", {}, title)),
    problem.detail && element("p", { class: "detail" }, problem.detail));
}
