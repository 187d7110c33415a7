// The workers of a service whose workers report that they are ready: counts, the queue, and a row for each worker with
// a button to drain or resume it. The gateway accepts these orders from its own machine only.

import { KeyedRows, byID, element, setText } from "./dom.js";
import { age, number } from "./format.js";
import { parsed } from "./json.js";

export class PoolPanel {
  #rows = new KeyedRows(byID("pool-workers"), (id) => this.#row(id));
  #service = null;
  #isAllowed = true;
  #refresh;

  /** `refresh` reads the services again and resolves after `show` was called with them. */
  constructor(refresh) {
    this.#refresh = refresh;
  }

  /** `service` is an entry of /v1/services that has a `pool`. */
  show(service) {
    const { pool, workers = 0 } = service;
    if (service.name !== this.#service) {
      this.#service = service.name;
      this.#note("");
    }
    setText(byID("workers-count"), number(workers));
    this.#drawCounts(pool);
    const listed = [...(pool.workers ?? [])].sort((a, b) => collator.compare(a.id, b.id));
    this.#rows.draw(listed.map((worker) => [worker.id, worker]), (row, worker) => this.#update(row, worker));
    byID("pool-scroll").hidden = listed.length === 0;
    byID("pool-empty").hidden = listed.length > 0;
    byID("pool-more").hidden = workers <= listed.length;
    setText(byID("pool-more"), `Showing ${number(listed.length)} of ${number(workers)} workers.`);
  }

  #drawCounts({ ready, busy, draining, queued, oldest_ms: oldest }) {
    const counts = { ready, busy, draining, queued, oldest: queued ? age(oldest) : "–" };
    for (const [name, value] of Object.entries(counts)) {
      const shown = byID(`pool-${name}`);
      setText(shown, typeof value === "number" ? number(value) : value);
      shown.parentElement.dataset.some = String(typeof value === "number" ? value > 0 : queued > 0);
    }
  }

  #row(id) {
    const button = element("button", { type: "button" });
    const phase = element("span", { class: "phase" });
    const cells = Object.fromEntries(["in flight", "completed", "last heard", "in state for"].map((name) =>
      [name, element("td", { "data-name": name, class: "figures" })]));
    const item = element("tr", { "data-worker": id },
      element("th", { scope: "row", title: id }, id), element("td", { class: "phase-cell" }, phase),
      ...Object.values(cells), element("td", { class: "order" }, button));
    const row = { item, phase, cells, button };
    button.addEventListener("click", () => this.#send(id, row));
    return row;
  }

  #update({ item, phase, cells, button }, worker) {
    item.dataset.state = worker.state;
    setText(phase, worker.state);
    setText(cells["in flight"], number(worker.in_hand));
    setText(cells.completed, number(worker.finished));
    setText(cells["last heard"], `${age(worker.heard_ms)} ago`);
    setText(cells["in state for"], age(worker.since_ms));
    item.title = `Registered ${age(worker.registered_ms)} ago`;
    const [order, label] = worker.state === "draining" ? ["resume", "Resume"] : ["drain", "Drain"];
    button.dataset.order = order;
    setText(button, label);
    button.setAttribute("aria-label", `${label} ${worker.id}`);
    button.disabled = !this.#isAllowed;
  }

  async #send(id, { button }) {
    const { order } = button.dataset;
    const path = ["", "v1", "services", this.#service, "workers", id, order].map(encodeURIComponent).join("/");
    try {
      const response = await fetch(path, { method: "POST" });
      const problem = response.ok ? null : parsed(await response.text());
      if (problem?.code === "operator_only") this.#forbid();
      else if (response.ok) this.#note("");
      else this.#note(`Cannot ${order} ${id}: ${problem?.detail ?? `the gateway returned ${response.status}`}.`);
    } catch (error) {
      this.#note(`Cannot ${order} ${id}: ${error.message}.`);
    }
    await this.#refresh();
  }

  #forbid() {
    this.#isAllowed = false;
    this.#note("You can drain and resume workers only from the machine that the gateway runs on.");
  }

  #note(text) {
    if (!this.#isAllowed && text === "") return;
    setText(byID("pool-note"), text);
  }
}

const collator = new Intl.Collator("en", { numeric: true });
