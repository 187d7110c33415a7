// The page of zmq-gateway: choose a service, send it a request, watch the replies arrive, see how it went for everyone.
//
//   services.js  what there is          request.js   the form as one request, as curl, as JavaScript
//   servicelist.js  how it is listed    place.js     where the page is: its address, Back, links
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
import { Place, hashOf } from "./place.js";
import { PoolPanel } from "./pool.js";
import { bodyKindOf, copyOf, examplesFor, planOf, rulesComplaint, topicPlanOf } from "./request.js";
import { Services, factsOf, kindOf } from "./services.js";
import { SessionView } from "./session.js";
import { Tabs } from "./tabs.js";
import { Topics } from "./topics.js";
import { clock } from "./words.js";

const refreshInterval = 2000;

const answer = new Answer();
const live = new Live();
const services = new Services((name) => visit(name));
const place = new Place((there) => arrive(there));
const request = new Editor("request");
const topics = new Topics(() => formChanged());
const session = new SessionView();
const pool = new PoolPanel(() => refresh());
const broker = new BrokerView((name) => visit(name));
const tabs = new Tabs(["exchange", "session", "workers", "registered"], (tab) => place.go({ service: chosen.name, tab }));
const past = new RequestHistory(({ service, body, how }) => {
  visit(service);
  request.value = body;
  form.elements.how.value = how;
  formChanged();
  request.focus();
});
const drafts = new Map();
const hows = { requests: "ndjson", topics: "sse" };
const emptyAnswer = [...byID("empty").childNodes];
let chosen = null;
/** A service that the address names and that is not there: it is shown as soon as it is, until another is chosen. */
let awaited = null;
let heardAt = null;
let lastPlan = null;
let running = null;

const form = byID("form");

/** The reader's choice: an entry in the history. */
function visit(name) {
  awaited = null;
  choose(name);
  place.go({ service: name, tab: tabs.chosen });
}

/** Where the address leads: at the start, by Back, or because it was changed. */
function arrive({ service, tab, request: body, how, topics: asked }) {
  awaited = service && !services.named(service) ? service : null;
  if (awaited && chosen) return tellAwaited();
  const name = awaited || !service ? (chosen ?? services.all[0])?.name : service;
  if (!name) return;
  choose(name);
  tellAwaited();
  if (awaited) return;
  if (byID(`tab-${tab}`)?.hidden === false) tabs.choose(tab);
  if (body !== undefined) request.value = body;
  if (asked && kindOf(chosen) === "topics") topics.value = asked;
  const option = form.querySelector(`input[name=how][value="${CSS.escape(how ?? "")}"]`);
  if (option) option.checked = true;
  place.settle({ service: name, tab: tabs.chosen });
  formChanged();
}

function tellAwaited() {
  const note = byID("services-note");
  note.hidden = !awaited && services.all.length > 0;
  if (awaited) say(note, `There is no service "${awaited}" now.`);
}

function choose(name) {
  const service = services.named(name);
  if (!service) return;
  if (chosen) leave(service);
  const examples = examplesFor(service);
  chosen = service;
  request.wantJSON(bodyKindOf(service) === "json");
  request.value = drafts.get(name) ?? examples[0][1];
  byID("examples").replaceChildren(...examples.map(([label, body]) => example(label, body)));
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
  say(byID("service-trouble"), chosen.trouble ?? "");
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
  const isCopied = await copied(byID("curl").textContent);
  if (!isCopied) {
    // Without https or localhost there is no clipboard to write to: show the command, selected.
    document.querySelector(".curl").open = true;
    getSelection().selectAllChildren(byID("curl"));
  }
  say(byID("copy"), isCopied ? "Copied" : "Selected: copy it");
  setTimeout(formChanged, 1600);
}

const copied = (text) => navigator.clipboard.writeText(text).then(() => true, () => false);

/** The link goes to the address bar too, where it can be copied without a clipboard. */
async function copyLink() {
  const isTopics = kindOf(chosen) === "topics";
  const asked = isTopics ? { topics: topics.value } : { request: request.value };
  history.replaceState(null, "", hashOf({ service: chosen.name, ...asked, how: form.elements.how.value }));
  say(byID("copy-link"), (await copied(location.href)) ? "Copied" : "It is in the address bar");
  setTimeout(() => say(byID("copy-link"), "Copy link"), 1600);
}

async function refresh() {
  const banner = byID("banner");
  try {
    await services.refresh();
  } catch (error) {
    const since = heardAt ? ` Showing what it said at ${clock(heardAt).slice(0, 8)}.` : "";
    say(banner, `The gateway does not answer (${error.message}).${since} Trying again.`);
    banner.hidden = false;
    document.body.dataset.gateway = "lost";
    return;
  }
  heardAt = new Date();
  banner.hidden = true;
  document.body.dataset.gateway = "here";
  say(byID("version"), services.version ?? "");
  if (!chosen || (awaited && services.named(awaited))) arrive(place.now);
  else chosen = services.named(chosen.name) ?? gone(chosen);
  tellAwaited();
  if (chosen) describe();
}

/** A service whose last worker left its broker: it may come back. */
function gone(service) {
  const pool = service.pool && { ready: 0, busy: 0, draining: 0, queued: 0, workers: [] };
  return { ...service, pool, workers: 0, ready: false, isGone: true };
}

/** Runs `work` at once, again after each pause, and when the page is shown again; never while it is hidden. */
async function whileVisible(work, interval) {
  for (;;) {
    if (document.visibilityState === "visible") await work();
    await pause(interval);
  }
}

function pause(interval) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", end);
      resolve();
    };
    const timer = setTimeout(end, interval);
    document.addEventListener("visibilitychange", end);
  });
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
byID("copy-link").addEventListener("click", copyLink);
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
