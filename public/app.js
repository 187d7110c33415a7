// The page of zmq-gateway: choose a service, send it a request, watch the replies arrive, see how it went for everyone.
//
//   services.js  what there is          request.js   the form as one request, as curl, as JavaScript
//   editor.js    the request's text     history.js   the requests before it
//   exchange.js  send and listen        answer.js    replies and the end, in words
//   socket.js    the same by WebSocket  session.js   a raw session
//   live.js      the metrics            metrics.js   Prometheus text to rates and quantiles
//
// WebSockets go through zmq-gateway.js, the module that any other page can use too. No framework, no build, no other
// host. This file only wires the pieces to the form and to the keyboard.

import { Answer } from "./answer.js";
import { byID, element, say } from "./dom.js";
import { Editor } from "./editor.js";
import { runExchange } from "./exchange.js";
import { RequestHistory } from "./history.js";
import { Live } from "./live.js";
import { copyOf, examplesFor, planOf, rulesComplaint } from "./request.js";
import { Services, factsOf } from "./services.js";
import { SessionView } from "./session.js";
import { Tabs } from "./tabs.js";

const refreshInterval = 2000;

const answer = new Answer();
const live = new Live();
const services = new Services((name) => choose(name));
const request = new Editor("request");
const session = new SessionView();
const tabs = new Tabs(["exchange", "session"]);
const past = new RequestHistory(({ service, body, how }) => {
  choose(service);
  request.value = body;
  form.elements.how.value = how;
  formChanged();
  request.focus();
});
const drafts = new Map();
let chosen = null;
let lastPlan = null;
let running = null;

const form = byID("form");

function choose(name) {
  const service = services.named(name);
  if (!service) return;
  if (chosen) drafts.set(chosen.name, request.value);
  const examples = examplesFor(service);
  chosen = service;
  request.wantJSON((service.body ?? "json") === "json");
  request.value = drafts.get(name) ?? examples[0][1];
  byID("examples").replaceChildren(...examples.map(([label, body]) => example(label, body)));
  history.replaceState(null, "", `#${encodeURIComponent(name)}`);
  services.mark(name);
  live.focus(name);
  session.focus(service);
  session.suggest(examples[0][1]);
  describe();
  formChanged();
}

function describe() {
  say(byID("service-name"), chosen.name);
  say(byID("service-description"), chosen.description ?? "");
  byID("service-facts").replaceChildren(...factsOf(chosen).map((fact) => element("span", {}, fact)));
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
  return planOf({
    service: chosen, body: request.value, how: form.elements.how.value, rules: rulesTyped(), origin: location.origin,
  });
}

function formChanged() {
  const complaint = rulesComplaint(rulesTyped());
  say(byID("rules-hint"), complaint);
  byID("send").disabled = !chosen || running !== null || complaint !== "";
  if (!chosen) return;
  const plan = planNow();
  say(byID("curl"), copyOf(plan));
  say(byID("curl-name"), languageOf(plan));
  say(byID("copy"), `Copy as ${languageOf(plan)}`);
}

const languageOf = (plan) => (plan.how === "websocket" ? "JavaScript" : "curl");

async function send(plan) {
  if (running || !plan) return;
  past.add({ service: plan.service, body: plan.source, how: plan.how });
  const mine = new AbortController();
  running = mine;
  lastPlan = plan;
  setRunning(true);
  answer.start(plan);
  const outcome = await runExchange(plan, mine.signal, answer);
  running = null;
  answer.finish(outcome);
  setRunning(false);
}

function setRunning(isRunning) {
  document.body.dataset.running = String(isRunning);
  const hadFocus = document.activeElement;
  byID("cancel").disabled = !isRunning;
  byID("resend").disabled = isRunning || lastPlan === null;
  formChanged();
  // A button that becomes disabled loses the focus: hand it to the one that is useful now.
  if (isRunning && (hadFocus === byID("send") || hadFocus === byID("resend"))) byID("cancel").focus();
  if (!isRunning && hadFocus === byID("cancel")) byID("send").focus();
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
    else if (services.named(chosen.name)) chosen = services.named(chosen.name);
    if (chosen) {
      describe();
      session.focus(chosen);
    }
  } catch (error) {
    say(banner, `The gateway does not answer (${error.message}). Asking again.`);
    banner.hidden = false;
  }
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
byID("resend").addEventListener("click", () => send(lastPlan));
byID("copy").addEventListener("click", copy);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (tabs.chosen === "session") session.submit();
    else submit();
  } else if (event.key === "Escape" && running) {
    event.preventDefault();
    running.abort();
  }
});

say(byID("where"), location.host);
whileVisible(refresh, refreshInterval);
whileVisible(() => live.poll(), 1000);
