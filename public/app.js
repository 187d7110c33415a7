// The console of zmq-gateway: select a service, send it a request, watch the replies arrive, and see the load.
//
//   services.js     the services and their readiness    request.js   the form as a plan; curl and JavaScript
//   servicelist.js  the list of services                editor.js    the request's text
//   topics.js       the topics to subscribe to          history.js   previous requests
//   exchange.js     sends and receives by HTTP          socket.js    the same over a WebSocket
//   response.js     replies as they arrive              end.js       how the exchange ended
//   session.js      a raw session                       address.js   the page's address, Back, links
//   pool.js         the workers of a service            broker.js    the services registered at a broker
//   live.js         the charts                          metrics.js   Prometheus text to rates and quantiles
//
// WebSockets and streams go through zmq-gateway.js, the module that any page can use. No framework, no build step, no
// other host. This file connects the parts with the form and the keyboard.

import { Address, hashOf } from "./address.js";
import { BrokerView } from "./broker.js";
import { byID, element, setText } from "./dom.js";
import { Editor } from "./editor.js";
import { runExchange } from "./exchange.js";
import { clock } from "./format.js";
import { RequestHistory } from "./history.js";
import { Live } from "./live.js";
import { PoolPanel } from "./pool.js";
import { bodyKindOf, examplesFor, exchangePlan, rulesError, snippetOf, subscriptionPlan } from "./request.js";
import { ResponseView } from "./response.js";
import { Services, factsOf, kindOf } from "./services.js";
import { SessionView } from "./session.js";
import { Tabs } from "./tabs.js";
import { Topics } from "./topics.js";

const refreshInterval = 2000;

const response = new ResponseView();
const live = new Live();
const services = new Services((name) => visit(name));
const address = new Address((there) => arrive(there));
const request = new Editor("request");
const topics = new Topics(() => formChanged());
const session = new SessionView();
const pool = new PoolPanel(() => refresh());
const broker = new BrokerView((name) => visit(name));
const tabs = new Tabs(["exchange", "session", "workers", "registered"],
  (tab) => address.push({ service: selected.name, tab }));
const previous = new RequestHistory(({ service, body, how }) => {
  visit(service);
  request.value = body;
  form.elements.how.value = how;
  formChanged();
  request.focus();
});
const drafts = new Map();
const transports = { requests: "ndjson", topics: "sse" };
const emptyHint = [...byID("empty").childNodes];
let selected = null;
/** A service in the address that does not exist. It is selected when it appears, unless another was selected before. */
let awaited = null;
let updatedAt = null;
let lastPlan = null;
let running = null;

const form = byID("form");

/** Selects a service for the user, with an entry in the browser's history. */
function visit(name) {
  awaited = null;
  select(name);
  address.push({ service: name, tab: tabs.selected });
}

/** Follows the address: at the start, after Back or Forward, or after it was edited. */
function arrive({ service, tab, request: body, how, topics: asked }) {
  awaited = service && !services.named(service) ? service : null;
  if (awaited && selected) return showAwaited();
  const name = awaited || !service ? (selected ?? services.all[0])?.name : service;
  if (!name) return;
  select(name);
  showAwaited();
  if (awaited) return;
  if (byID(`tab-${tab}`)?.hidden === false) tabs.select(tab);
  if (body !== undefined) request.value = body;
  if (asked && kindOf(selected) === "topics") topics.value = asked;
  const option = form.querySelector(`input[name=how][value="${CSS.escape(how ?? "")}"]`);
  if (option) option.checked = true;
  address.replace({ service: name, tab: tabs.selected });
  formChanged();
}

function showAwaited() {
  const note = byID("services-note");
  note.hidden = !awaited && services.all.length > 0;
  if (awaited) setText(note, `There is no service "${awaited}" at the moment.`);
}

function select(name) {
  const service = services.named(name);
  if (!service) return;
  if (selected) leave(service);
  const examples = examplesFor(service);
  selected = service;
  request.setJSON(bodyKindOf(service) === "json");
  request.value = drafts.get(name) ?? examples[0][1];
  byID("examples").replaceChildren(...examples.map(([label, body]) => example(label, body)));
  services.mark(name);
  live.focus(service.broker ?? name);
  session.suggest(examples[0][1]);
  arrange();
  describe();
  formChanged();
}

/** Keeps the typed request with its service, and ends a subscription or whatever one would replace. */
function leave(next) {
  drafts.set(selected.name, request.value);
  const [before, after] = [kindOf(selected), kindOf(next)];
  if (before in transports) transports[before] = form.elements.how.value;
  if (next.name === selected.name || ![before, after].includes("topics")) return;
  running?.abort();
  running = null;
  lastPlan = null;
  response.clear(after === "topics" ? ["Select Subscribe to see the publisher's messages on these topics here."]
    : emptyHint, after === "topics");
  setRunning(false);
}

/** Adapts the form to the kind of the selected service. */
function arrange() {
  const kind = kindOf(selected);
  form.dataset.kind = kind;
  if (kind in transports) form.elements.how.value = transports[kind];
  setText(byID("tab-exchange"), kind === "topics" ? "Subscribe" : "Exchange");
  setText(byID("send-word"), kind === "topics" ? "Subscribe" : "Send");
  setText(byID("cancel-word"), kind === "topics" ? "Stop" : "Cancel");
  byID("request-editor").hidden = kind === "topics";
  byID("topic-editor").hidden = kind !== "topics";
  byID("pause").hidden = kind !== "topics";
  byID("resend").hidden = kind === "topics";
  for (const id of ["deadline", "idle"]) byID(id).placeholder = kind === "topics" ? "none" : "default";
  if (kind === "topics") topics.focus(selected);
}

function describe() {
  setText(byID("service-name"), selected.name);
  const description = selected.isGone ? "No worker registers this service any more." : selected.description;
  setText(byID("service-description"), description ?? "");
  setText(byID("service-trouble"), selected.trouble ?? "");
  const facts = factsOf(selected);
  const shown = byID("service-facts");
  if (facts.length !== shown.childElementCount) shown.replaceChildren(...facts.map(() => element("span")));
  facts.forEach((fact, i) => setText(shown.children[i], fact));
  const kind = kindOf(selected);
  const views = { requests: ["exchange", "session"], topics: ["exchange"], broker: ["registered"] }[kind];
  tabs.show(selected.pool ? [...views, "workers"] : views);
  if (selected.pool) pool.show(selected);
  if (kind === "broker") broker.show(services.registeredAt(selected));
  if (kind === "requests") session.focus(selected);
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

function typedRules() {
  const typed = (id) => byID(id).value.trim();
  return { deadline: typed("deadline"), count: typed("count"), idle: typed("idle"), partial: byID("partial").checked };
}

function currentPlan() {
  const asked = { service: selected, how: form.elements.how.value, rules: typedRules(), origin: location.origin };
  if (kindOf(selected) === "topics") return subscriptionPlan({ ...asked, topics: topics.value });
  return exchangePlan({ ...asked, body: request.value });
}

function formChanged() {
  const error = rulesError(typedRules());
  setText(byID("rules-hint"), error);
  const isIncomplete = selected && kindOf(selected) === "topics" && topics.error !== "";
  byID("send").disabled = !selected || running !== null || error !== "" || isIncomplete;
  if (!selected || kindOf(selected) === "broker") return;
  const plan = currentPlan();
  setText(byID("curl"), snippetOf(plan));
  setText(byID("curl-name"), `Show ${languageOf(plan)}`);
  setText(byID("copy"), `Copy as ${languageOf(plan)}`);
}

const languageOf = (plan) => (plan.how === "websocket" ? "JavaScript" : "curl");

async function send(plan) {
  if (running || !plan) return;
  if (!plan.topics) previous.add({ service: plan.service, body: plan.source, how: plan.how });
  const mine = new AbortController();
  running = mine;
  lastPlan = plan;
  setRunning(true);
  response.start(plan);
  const isMine = () => running === mine;
  const outcome = await runExchange(plan, mine.signal, {
    opened: () => isMine() && response.opened(),
    reply: (text) => isMine() && response.reply(text),
  });
  if (!isMine()) return;
  running = null;
  response.finish(outcome);
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
  // A disabled button loses the focus: move it to the button that is useful now.
  if (hadFocus?.disabled) byID(isRunning ? "cancel" : "send").focus();
}

function showPause() {
  setText(byID("pause"), response.isPaused ? "Resume" : "Pause");
}

function submit() {
  if (!byID("send").disabled) send(currentPlan());
}

async function copy() {
  const isCopied = await copied(byID("curl").textContent);
  if (!isCopied) {
    // Show the command, selected.
    document.querySelector(".curl").open = true;
    getSelection().selectAllChildren(byID("curl"));
  }
  setText(byID("copy"), isCopied ? "Copied" : "Press Ctrl+C");
  setTimeout(formChanged, 1600);
}

/** Copies the text; false if that is impossible, for example without HTTPS or localhost. */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Puts the link into the address bar, too, where it can be copied without a clipboard. */
async function copyLink() {
  const isTopics = kindOf(selected) === "topics";
  const asked = isTopics ? { topics: topics.value } : { request: request.value };
  history.replaceState(null, "", hashOf({ service: selected.name, ...asked, how: form.elements.how.value }));
  setText(byID("copy-link"), (await copied(location.href)) ? "Copied" : "See address bar");
  setTimeout(() => setText(byID("copy-link"), "Copy link"), 1600);
}

async function refresh() {
  const banner = byID("banner");
  try {
    await services.refresh();
  } catch (error) {
    const since = updatedAt ? ` Showing data from ${clock(updatedAt).slice(0, 8)}.` : "";
    setText(banner, `The gateway is unreachable (${error.message}).${since} Retrying.`);
    banner.hidden = false;
    document.body.dataset.gateway = "lost";
    return;
  }
  updatedAt = new Date();
  banner.hidden = true;
  document.body.dataset.gateway = "here";
  setText(byID("version"), services.version ?? "");
  if (!selected || (awaited && services.named(awaited))) arrive(address.current);
  else selected = services.named(selected.name) ?? gone(selected);
  showAwaited();
  if (selected) describe();
}

/** A service whose last worker has left its broker. It may come back. */
function gone(service) {
  const pool = service.pool && { ready: 0, busy: 0, draining: 0, queued: 0, workers: [] };
  return { ...service, pool, workers: 0, ready: false, isGone: true };
}

/** Runs `work` now, after each interval, and when the page becomes visible; never while the page is hidden. */
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
  response.isPaused = !response.isPaused;
  showPause();
});
byID("resend").addEventListener("click", () => send(lastPlan));
byID("copy").addEventListener("click", copy);
byID("copy-link").addEventListener("click", copyLink);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (tabs.selected === "session") session.submit();
    else if (tabs.selected === "exchange") submit();
  } else if (event.key === "Escape" && running) {
    event.preventDefault();
    running.abort();
  }
});

setText(byID("where"), location.host);
whileVisible(refresh, refreshInterval);
whileVisible(() => live.poll(), 1000);
