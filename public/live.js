// The column on the right: reads /metrics every second while the page is visible, and draws the last two minutes for
// all services or for the selected one.

import { Chart } from "./charts.js";
import { byID, drawing, element, setText } from "./dom.js";
import { clock, duration, number } from "./format.js";
import { History, parseMetrics } from "./metrics.js";
import { outcomeOf } from "./reasons.js";
import { requestTimeout } from "./services.js";

const prefix = "zmq_gateway_";

export class Live {
  #history = new History();
  #service = null;
  #root = document.querySelector(".live");
  #updatedAt = null;
  #charts = {
    exchanges: new Chart("exchanges", "Exchanges", "/s"),
    replies: new Chart("replies", "Replies", "/s"),
    open: new Chart("open", "Open exchanges", ""),
    latency: new Chart("latency", "Latency p99", "ms"),
    queued: new Chart("queued", "Queued requests", ""),
    pool: new Chart("pool", "Workers", "", ["ready", "busy"]),
    publications: new Chart("publications", "Publications", "/s"),
    connections: new Chart("connections", "Connections", ""),
  };

  constructor() {
    byID("charts").append(...Object.values(this.#charts).map((chart) => chart.root));
    for (const input of document.querySelectorAll("input[name=scope]")) {
      input.addEventListener("change", () => this.#draw());
    }
  }

  /** `service` is the name in the metrics: registered services count under their broker. */
  focus(service) {
    this.#service = service;
    setText(byID("scope-one"), service);
    byID("scope-one").title = service;
    this.#draw();
  }

  async poll() {
    const note = byID("live-note");
    try {
      const response = await fetch("/metrics", { cache: "no-store", signal: AbortSignal.timeout(requestTimeout) });
      if (!response.ok) throw new Error(`/metrics returned ${response.status}`);
      this.#history.push(performance.now(), parseMetrics(await response.text()));
      note.hidden = true;
      this.#root.dataset.stale = "false";
      this.#updatedAt = new Date();
      this.#draw();
    } catch (error) {
      const since = this.#updatedAt ? ` Showing values from ${clock(this.#updatedAt).slice(0, 8)}.` : "";
      setText(note, `No metrics: ${error.message}.${since}`);
      this.#root.dataset.stale = "true";
      note.hidden = false;
    }
  }

  #draw() {
    if (this.#history.isEmpty) return;
    const isOne = document.querySelector("input[name=scope][value=one]").checked;
    const service = isOne ? this.#service : null;
    const history = this.#history;
    this.#charts.exchanges.draw(history.rate(`${prefix}exchanges_total`, service));
    this.#charts.replies.draw(history.rate(`${prefix}replies_total`, service));
    this.#charts.open.draw(history.level(`${prefix}exchanges_open`, service));
    const hasLatency = history.has(`${prefix}exchange_seconds_bucket`, service);
    this.#charts.latency.root.hidden = !hasLatency;
    byID("latency-section").hidden = !hasLatency;
    this.#charts.latency.draw(history.quantiles(`${prefix}exchange_seconds_bucket`, service, 0.99));
    this.#charts.connections.draw(history.level(`${prefix}connections`, null));
    this.#drawPools(service);
    this.#charts.publications.root.hidden = !history.has(`${prefix}publications_total`, service);
    this.#charts.publications.draw(history.rate(`${prefix}publications_total`, service));
    byID("latency").replaceChildren(
      latencyRow("First reply", history, `${prefix}first_reply_seconds_bucket`, service),
      latencyRow("Exchange", history, `${prefix}exchange_seconds_bucket`, service));
    drawBars(byID("reasons"), history.breakdown(`${prefix}exchanges_total`, "reason", service), outcomeOf, "None yet.");
    drawBars(byID("dropped"), history.breakdown(`${prefix}replies_dropped_total`, "reason", service),
      () => "incomplete", "None.");
  }

  /** `exchanges_waiting` counts queued requests only for services with a pool; for others it counts identities. */
  #drawPools(service) {
    const history = this.#history;
    const pools = history.servicesWith(`${prefix}pool_workers`);
    const isShown = service === null ? pools.size > 0 : pools.has(service);
    for (const chart of [this.#charts.queued, this.#charts.pool]) chart.root.hidden = !isShown;
    if (!isShown) return;
    const workers = (state) => history.level(`${prefix}pool_workers`, service, (labels) => labels.state === state);
    const waiting = history.level(`${prefix}exchanges_waiting`, service, (labels) => pools.has(labels.service));
    this.#charts.queued.draw(waiting);
    this.#charts.pool.draw(workers("ready"), workers("busy"));
  }
}

function latencyRow(name, history, metric, service) {
  const figures = [0.5, 0.9, 0.99].map((q) => history.quantile(metric, service, q));
  return element("tr", {}, element("th", { scope: "row" }, name),
    ...figures.map((seconds) => element("td", {}, seconds === null ? "–" : duration(seconds * 1000))));
}

function drawBars(list, entries, stateOf, none) {
  const total = entries.reduce((sum, [, value]) => sum + value, 0);
  const most = entries[0]?.[1] ?? 1;
  const rows = entries.map(([key, value]) => element("li", { "data-key": key, "data-value": value,
    "data-state": stateOf(key) },
  element("span", { class: "key" }, key.replaceAll("_", " ")),
  drawing("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    drawing("rect", { width: Math.max(1, (value / most) * 100), height: 6 })),
  element("span", { class: "value" }, number(value)),
  element("span", { class: "share" }, share(value / total))));
  list.replaceChildren(...(rows.length ? rows : [element("li", { class: "none" }, none)]));
}

function share(part) {
  return part < 0.005 ? "<1%" : `${Math.round(part * 100)}%`;
}
