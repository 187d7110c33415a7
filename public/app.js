// The page of zmq-gateway: choose a service, send it a request, watch the replies arrive, see how it went for everyone.
//
//   services.js  what there is          request.js   the form as one request, as curl, as JavaScript
//   editor.js    the request's text     history.js   the requests before it
//   topics.js    what to listen to      pool.js      the workers of a service
//   exchange.js  send and listen        broker.js    what is registered at a broker
//   answer.js    replies as they come   end.js       how it ended, in words
//   socket.js    the same by WebSocket  session.js   a raw session
//   live.js      the metrics            metrics.js   Prometheus text to rates and quantiles
//
// WebSockets go through zmq-gateway.js, the module that any other page can use too. No framework, no build, no other
// host. This file only wires the pieces to the form and to the keyboard.

import { Answer } from "./answer.js";
import { BrokerView } from "./broker.js";
import { byID, element, say } from "./dom.js";
import { Editor } from "./editor.js";
import { runExchange } from "./exchange.js";
import { RequestHistory } from "./history.js";
import { Live } from "./live.js";
import { PoolPanel } from "./pool.js";
import { copyOf, examplesFor, planOf, rulesComplaint, topicPlanOf } from "./request.js";
import { Services, factsOf, kindOf } from "./services.js";
import { SessionView } from "./session.js";
import { Tabs } from "./tabs.js";
import { Topics } from "./topics.js";

const refreshInterval = 2000;

const answer = new Answer();
const live = new Live();
const services = new Services((name) => choose(name));
const request = new Editor("request");
const topics = new Topics(() => formChanged());
const session = new SessionView();
const pool = new PoolPanel(() => refresh());
const broker = new BrokerView((name) => choose(name));
const tabs = new Tabs(["exchange", "session", "workers", "registered"]);
const past = new RequestHistory(({ service, body, how }) => {
  choose(service);
  request.value = body;
  form.elements.how.value = how;
  formChanged();
  request.focus();
});
const drafts = new Map();
const hows = { requests: "ndjson", topics: "sse" };
const emptyAnswer = [...byID("empty").childNodes];
let chosen = null;
let lastPlan = null;
let running = null;

const form = byID("form");

function choose(name) {
  const service = services.named(name);
  if (!service) return;
  if (chosen) leave(service);
  const examples = examplesFor(service);
  chosen = service;
  request.wantJSON((service.body ?? "json") === "json");
  request.value = drafts.get(name) ?? examples[0][1];
  byID("examples").replaceChildren(...examples.map(([label, body]) => example(label, body)));
  history.replaceState(null, "", `#${encodeURIComponent(name)}`);
  services.mark(name);
  live.focus(service.broker ?? name);
  session.suggest(examples[0][1]);
  arrange();
  describe();
  formChanged();
}

/** What was typed stays with the service; what is listened to, or would be shown as another kind of answer, ends. */
function leave(next) {
  drafts.set(chosen.name, request.value);
  const [before, after] = [kindOf(chosen), kindOf(next)];
  if (before in hows) hows[before] = form.elements.how.value;
  if (next.name === chosen.name || ![before, after].includes("topics")) return;
  running?.abort();
  running = null;
  lastPlan = null;
  answer.clear(after === "topics" ? ["Press Listen, and what the publisher says on these topics shows up here."]
    : emptyAnswer, after === "topics");
  setRunning(false);
}

/** The form, as the chosen service wants it. */
function arrange() {
  const kind = kindOf(chosen);
  form.dataset.kind = kind;
  if (kind in hows) form.elements.how.value = hows[kind];
  say(byID("tab-exchange"), kind === "topics" ? "Listen" : "Exchange");
  say(byID("send-word"), kind === "topics" ? "Listen" : "Send");
  say(byID("cancel-word"), kind === "topics" ? "Stop" : "Cancel");
  byID("request-editor").hidden = kind === "topics";
  byID("topic-editor").hidden = kind !== "topics";
  byID("pause").hidden = kind !== "topics";
  byID("resend").hidden = kind === "topics";
  for (const id of ["deadline", "idle"]) byID(id).placeholder = kind === "topics" ? "none" : "default";
  if (kind === "topics") topics.focus(chosen);
}

function describe() {
  say(byID("service-name"), chosen.name);
  say(byID("service-description"), chosen.isGone ? "Gone: no worker offers it any more." : chosen.description ?? "");
  const facts = factsOf(chosen);
  const shown = byID("service-facts");
  if (facts.length !== shown.childElementCount) shown.replaceChildren(...facts.map(() => element("span")));
  facts.forEach((fact, i) => say(shown.children[i], fact));
  const kind = kindOf(chosen);
  const views = { requests: ["exchange", "session"], topics: ["exchange"], broker: ["registered"] }[kind];
  tabs.offer(chosen.pool ? [...views, "workers"] : views);
  if (chosen.pool) pool.show(chosen);
  if (kind === "broker") broker.show(chosen, services.registeredAt(chosen));
  if (kind === "requests") session.focus(chosen);
}

function example(label, body) {
  const button = element("button", { type: "button", class: "quiet", "data-example": label }, label);
  button.addEventListener("click", () => {
    request.value = body;
    formChanged();
    request.focus();
  });
  return button;
}

function rulesTyped() {
  const typed = (id) => byID(id).value.trim();
  return { deadline: typed("deadline"), count: typed("count"), idle: typed("idle"), partial: byID("partial").checked };
}

function planNow() {
  const asked = { service: chosen, how: form.elements.how.value, rules: rulesTyped(), origin: location.origin };
  if (kindOf(chosen) === "topics") return topicPlanOf({ ...asked, topics: topics.value });
  return planOf({ ...asked, body: request.value });
}

function formChanged() {
  const complaint = rulesComplaint(rulesTyped());
  say(byID("rules-hint"), complaint);
  const isIncomplete = chosen && kindOf(chosen) === "topics" && topics.complaint !== "";
  byID("send").disabled = !chosen || running !== null || complaint !== "" || isIncomplete;
  if (!chosen || kindOf(chosen) === "broker") return;
  const plan = planNow();
  say(byID("curl"), copyOf(plan));
  say(byID("curl-name"), languageOf(plan));
  say(byID("copy"), `Copy as ${languageOf(plan)}`);
}

const languageOf = (plan) => (plan.how === "websocket" ? "JavaScript" : "curl");

async function send(plan) {
  if (running || !plan) return;
  if (!plan.topics) past.add({ service: plan.service, body: plan.source, how: plan.how });
  const mine = new AbortController();
  running = mine;
  lastPlan = plan;
  setRunning(true);
  answer.start(plan);
  const isMine = () => running === mine;
  const outcome = await runExchange(plan, mine.signal, {
    opened: () => isMine() && answer.opened(),
    sign: () => isMine() && answer.sign(),
    reply: (text) => isMine() && answer.reply(text),
  });
  if (!isMine()) return;
  running = null;
  answer.finish(outcome);
  setRunning(false);
}

function setRunning(isRunning) {
  document.body.dataset.running = String(isRunning);
  const hadFocus = document.activeElement;
  byID("cancel").disabled = !isRunning;
  byID("resend").disabled = isRunning || lastPlan === null;
  byID("pause").disabled = !isRunning;
  topics.isLocked = isRunning;
  showPause();
  formChanged();
  // A button that becomes disabled loses the focus: hand it to the one that is useful now.
  if (hadFocus?.disabled) byID(isRunning ? "cancel" : "send").focus();
}

function showPause() {
  say(byID("pause"), answer.isPaused ? "Go on" : "Pause");
}

function submit() {
  if (!byID("send").disabled) send(planNow());
}

async function copy() {
  const button = byID("copy");
  let isCopied = true;
  try {
    await navigator.clipboard.writeText(byID("curl").textContent);
  } catch {
    // Without https or localhost there is no clipboard to write to: show the command, selected.
    document.querySelector(".curl").open = true;
    getSelection().selectAllChildren(byID("curl"));
    isCopied = false;
  }
  say(button, isCopied ? "Copied" : "Selected: copy it");
  setTimeout(formChanged, 1600);
}

async function refresh() {
  const banner = byID("banner");
  try {
    await services.refresh();
    banner.hidden = true;
    const wanted = chosen?.name ?? decodeURIComponent(location.hash.slice(1));
    if (!chosen) choose(services.named(wanted) ? wanted : services.all[0]?.name);
    else chosen = services.named(chosen.name) ?? gone(chosen);
    if (chosen) describe();
  } catch (error) {
    say(banner, `The gateway does not answer (${error.message}). Asking again.`);
    banner.hidden = false;
  }
}

/** A service whose last worker left its broker: it may come back. */
function gone(service) {
  const pool = service.pool && { ready: 0, busy: 0, draining: 0, queued: 0, workers: [] };
  return { ...service, pool, workers: 0, ready: false, isGone: true };
}

/** Runs `work` at once and then again after each pause, but only while somebody can see the page. */
async function whileVisible(work, interval) {
  for (;;) {
    if (document.visibilityState === "visible") await work();
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
form.addEventListener("input", formChanged);
byID("cancel").addEventListener("click", () => running?.abort());
byID("pause").addEventListener("click", () => {
  answer.isPaused = !answer.isPaused;
  showPause();
});
byID("resend").addEventListener("click", () => send(lastPlan));
byID("copy").addEventListener("click", copy);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (tabs.chosen === "session") session.submit();
    else if (tabs.chosen === "exchange") submit();
  } else if (event.key === "Escape" && running) {
    event.preventDefault();
    running.abort();
  }
});

say(byID("where"), location.host);
whileVisible(refresh, refreshInterval);
whileVisible(() => live.poll(), 1000);
