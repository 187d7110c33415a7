// How an exchange ended: a verdict, the facts, and the problem if there is one.

import { byID, element, factRows } from "./dom.js";
import { duration, number } from "./format.js";
import { indented } from "./json.js";
import { describeEnd, outcomeOf } from "./reasons.js";

/** Shows in #end how the exchange of `plan` ended after `shown` replies. */
export function showEnd(outcome, shown, plan) {
  const { state, headline, sentence } = verdict(outcome, shown, plan);
  const { end, problem } = outcome;
  // A JSON response is one reply or an array of all; the client cannot tell which.
  const isWhole = plan.how === "json" && !end && !problem;
  const facts = [
    ["Reason", end?.reason],
    ["HTTP", outcome.status ? `${outcome.status} ${outcome.statusText ?? ""}`.trim() : undefined],
    [plan.topics ? "Messages" : "Replies", isWhole ? undefined : number(end?.replies ?? shown)],
    ["Elapsed", end?.elapsed_ms === undefined ? undefined : `${duration(end.elapsed_ms)} at the gateway`],
    ...timingFacts(outcome),
    ["Retry after", outcome.retryAfter ? `${outcome.retryAfter} s` : undefined],
    ["Request id", outcome.requestID],
  ];
  byID("end").dataset.state = state;
  byID("end").dataset.reason = end?.reason ?? "";
  // replaceChildren would show null as text.
  byID("end").replaceChildren(...[
    element("h3", {}, headline),
    sentence ? element("p", { class: "sentence" }, sentence) : null,
    problem ? problemBox(problem, headline) : null,
    element("dl", {}, ...factRows(facts)),
  ].filter(Boolean));
}

function timingFacts({ timing, end }) {
  const attempts = timing?.attempts ?? end?.attempts;
  return [
    ["In the queue", timing?.queue === undefined ? undefined : duration(timing.queue)],
    ["At the worker", timing?.worker === undefined ? undefined : duration(timing.worker)],
    ["Attempts", attempts === undefined ? undefined : number(attempts)],
  ];
}

function verdict(outcome, shown, plan) {
  const { end, problem, status } = outcome;
  if (plan.topics && (outcome.cancelled || end?.ok)) {
    const sentence = end?.ok ? "The subscription reached the end that you set." : "You unsubscribed.";
    return { state: "ok", headline: end?.ok ? "Complete" : "Stopped", sentence };
  }
  if (outcome.cancelled) {
    return { state: "incomplete", headline: "Cancelled", sentence: "You cancelled the request." };
  }
  if (end?.reason) {
    const [headline, sentence] = describeEnd(end);
    const state = end.ok ? "ok" : outcomeOf(end.reason) === "failed" ? "failed" : "incomplete";
    return { state, headline, sentence };
  }
  if (problem) {
    return { state: "failed", headline: problem.title ?? `HTTP ${status}`, sentence: "" };
  }
  if (outcome.broke) {
    const headline = outcome.hidden ? "Rejected" : status ? "The connection was lost" : "The gateway is unreachable";
    return { state: "failed", headline, sentence: outcome.broke };
  }
  const sentence = plan.how === "json" ? "One response with all replies." : "The stream is complete.";
  return { state: "ok", headline: shown ? "Complete" : "Complete, without replies", sentence };
}

function problemBox(problem, headline) {
  const title = problem.title ?? "Problem";
  return element("div", { class: "problem" },
    element("p", {},
      problem.code && element("code", { id: "problem-code" }, problem.code),
      problem.status && element("span", { class: "status" }, String(problem.status)),
      title === headline ? null : element("strong", {}, title)),
    problem.detail && element("p", { class: "detail" }, problem.detail),
    problem.reply !== undefined && workerReply(problem.reply));
}

/** The worker's own error, in full. */
function workerReply(reply) {
  const text = typeof reply === "string" ? reply : JSON.stringify(reply);
  const shown = element("pre", { id: "problem-reply", tabindex: 0, "aria-label": "Reply of the worker" });
  shown.append(typeof reply === "string" ? text : indented(text));
  return element("div", { class: "worker-reply" }, element("p", {}, "Reply of the worker"), shown);
}
