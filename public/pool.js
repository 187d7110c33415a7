// The workers of the chosen service, where they say themselves when they are ready: how many, what waits for them, and
// a row for each, with the order to give it no new work. Only the gateway's own machine may order that.
//
// Rows are kept from one look to the next, so that the focus stays on the button it is on.

import { KeyedRows, byID, element, say } from "./dom.js";
import { parsed } from "./json.js";
import { age, number } from "./words.js";

export class PoolPanel {
  #rows = new KeyedRows(byID("pool-workers"), (id) => this.#row(id));
  #service = null;
  #mayOrder = true;
  #refresh;

  /** `refresh` asks the gateway again, and resolves when `show` was called with what it said. */
  constructor(refresh) {
    this.#refresh = refresh;
  }

  /** `service` as /v1/services tells of it, with a `pool`. */
  show(service) {
    const { pool, workers = 0 } = service;
    if (service.name !== this.#service) {
      this.#service = service.name;
      this.#note("");
    }
    say(byID("workers-count"), number(workers));
    this.#drawCounts(pool);
    const listed = [...(pool.workers ?? [])].sort((a, b) => collator.compare(a.id, b.id));
    this.#rows.draw(listed.map((worker) => [worker.id, worker]), (row, worker) => this.#update(row, worker));
    byID("pool-scroll").hidden = listed.length === 0;
    byID("pool-empty").hidden = listed.length > 0;
    byID("pool-more").hidden = workers <= listed.length;
    say(byID("pool-more"), `${number(listed.length)} of ${number(workers)} workers are listed.`);
  }

  #drawCounts({ ready, busy, draining, queued, oldest_ms: oldest }) {
    const counts = { ready, busy, draining, queued, oldest: queued ? age(oldest) : "–" };
    for (const [name, value] of Object.entries(counts)) {
      const shown = byID(`pool-${name}`);
      say(shown, typeof value === "number" ? number(value) : value);
      shown.parentElement.dataset.some = String(typeof value === "number" ? value > 0 : queued > 0);
    }
  }

  #row(id) {
    const button = element("button", { type: "button" });
    const phase = element("span", { class: "phase" });
    const cells = Object.fromEntries(["in hand", "finished", "heard", "since"].map((name) =>
      [name, element("td", { "data-name": name, class: "figures" })]));
    const item = element("tr", { "data-worker": id },
      element("th", { scope: "row", title: id }, id), element("td", { class: "phase-cell" }, phase),
      ...Object.values(cells), element("td", { class: "order" }, button));
    const row = { item, phase, cells, button };
    button.addEventListener("click", () => this.#order(id, row));
    return row;
  }

  #update({ item, phase, cells, button }, worker) {
    item.dataset.state = worker.state;
    say(phase, worker.state);
    say(cells["in hand"], number(worker.in_hand));
    say(cells.finished, number(worker.finished));
    say(cells.heard, `${age(worker.heard_ms)} ago`);
    say(cells.since, age(worker.since_ms));
    item.title = `registered ${age(worker.registered_ms)} ago`;
    const order = worker.state === "draining" ? "resume" : "drain";
    say(button, order);
    button.setAttribute("aria-label", `${order} ${worker.id}`);
    button.disabled = !this.#mayOrder;
  }

  async #order(id, { button }) {
    const order = button.textContent;
    const path = ["", "v1", "services", this.#service, "workers", id, order].map(encodeURIComponent).join("/");
    try {
      const response = await fetch(path, { method: "POST" });
      const problem = response.ok ? null : parsed(await response.text());
      if (problem?.code === "operator_only") this.#forbid();
      else this.#note(response.ok ? "" : `Not done: ${problem?.detail ?? `the gateway answers ${response.status}`}.`);
    } catch (error) {
      this.#note(`Not done: ${error.message}.`);
    }
    await this.#refresh();
  }

  #forbid() {
    this.#mayOrder = false;
    this.#note("This page was opened on another machine. Workers are drained and resumed from the gateway's own only.");
  }

  #note(text) {
    if (!this.#mayOrder && text === "") return;
    say(byID("pool-note"), text);
  }
}

const collator = new Intl.Collator("en", { numeric: true });
