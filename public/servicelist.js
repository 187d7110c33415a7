// The list of services on the left: a row for each, those that are not ready first, and a filter if there are many.
// Services that a broker's workers have registered stay below their broker.
//
// Rows are kept across updates, so the focus stays, and do not move under the pointer.

import { byID, element, setText } from "./dom.js";
import { number } from "./format.js";

/** Longer lists get a filter, and unfold on a phone. */
const maxUnfiltered = 8;

export class ServiceList {
  #root = document.querySelector(".services");
  #list = byID("services");
  #filter = byID("filter");
  #rows = new Map();
  #groups = new Map();
  #order = [];
  #current = null;
  #choose;

  constructor(choose) {
    this.#choose = choose;
    this.#filter.addEventListener("input", () => this.#applyFilter());
    this.#filter.addEventListener("keydown", (event) => this.#filterKey(event));
    byID("services-toggle").addEventListener("click", () => this.#open(this.#root.dataset.open !== "true"));
    document.addEventListener("keydown", (event) => {
      const isTyping = event.target.matches("input:not([type=radio], [type=checkbox]), textarea, select");
      if (event.key !== "/" || isTyping || this.#filter.hidden) return;
      event.preventDefault();
      this.#filter.focus();
    });
  }

  /** `statusOf(service)` returns { state, text, trouble }. */
  draw(services, statusOf) {
    for (const service of services) {
      if (!this.#rows.has(service.name)) this.#rows.set(service.name, this.#row(service));
      this.#update(this.#rows.get(service.name), service, statusOf(service));
    }
    const names = new Set(services.map(({ name }) => name));
    for (const [name, { item }] of this.#rows) {
      if (names.has(name)) continue;
      item.remove();
      this.#rows.delete(name);
    }
    this.#arrange(services);
    const isMany = services.length > maxUnfiltered;
    this.#root.dataset.many = String(isMany);
    this.#filter.hidden = !isMany;
    setText(byID("services-toggle"), `All ${number(services.length)} services`);
    this.#applyFilter();
  }

  mark(name) {
    const isNew = this.#current !== name;
    this.#current = name;
    for (const [key, row] of this.#rows) row.button.setAttribute("aria-current", String(key === name));
    if (!isNew) return;
    this.#open(false);
    this.#rows.get(name)?.item.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** A block is a service with the services registered at it. Blocks that are not ready come first. */
  #arrange(services) {
    const blocks = services.filter(({ broker }) => !broker).map((head) =>
      [head, ...services.filter(({ broker }) => broker === head.name)].map(({ name }) => name));
    const isUnchanged = this.#order.flat().toSorted().join("\n") === blocks.flat().toSorted().join("\n");
    if (isUnchanged && this.#list.matches(":hover")) return;
    const isBad = (block) => block.some((name) => this.#rows.get(name).state === "not-ready");
    const bad = blocks.filter(isBad);
    const good = blocks.filter((block) => !isBad(block));
    this.#order = [...bad, ...good];
    const isGrouped = services.length > maxUnfiltered && bad.length > 0 && good.length > 0;
    const part = (key, title, of) => [...(isGrouped ? [this.#group(key, title, of.length)] : []),
      ...of.flat().map((name) => this.#rows.get(name).item)];
    const items = [...part("trouble", "Not ready", bad), ...part("fine", "Ready", good)];
    for (const { item } of this.#groups.values()) if (!items.includes(item)) item.remove();
    items.forEach((item, i) => {
      if (this.#list.children[i] !== item) this.#list.insertBefore(item, this.#list.children[i] ?? null);
    });
    this.mark(this.#current);
  }

  #group(key, title, count) {
    if (!this.#groups.has(key)) {
      const heading = element("h3");
      this.#groups.set(key, { item: element("li", { class: "group", "data-group": key }, heading), heading });
    }
    const { item, heading } = this.#groups.get(key);
    setText(heading, `${title} · ${number(count)}`);
    return item;
  }

  #row(service) {
    const dot = element("i", { class: "dot", "aria-hidden": "true" });
    const state = element("span", { class: "state" });
    const peer = element("span", { class: "peer" }, service.broker ? "" : service.peer ?? "");
    const button = element("button", { type: "button", "data-service": service.name },
      dot, element("b", {}, service.name), peer, state);
    button.addEventListener("click", () => {
      this.#choose(service.name);
      this.#open(false);
    });
    const item = element("li", { class: service.broker && "registered" }, button);
    const words = `${service.name} ${service.peer ?? ""}`.toLowerCase();
    return { item, button, shown: state, words, state: "unknown" };
  }

  #update(row, service, { state, text, trouble }) {
    row.state = state;
    row.button.dataset.state = state;
    setText(row.shown, text);
    const title = [service.name, text, trouble].filter(Boolean).join("\n");
    if (row.button.title !== title) row.button.title = title;
  }

  /** Shows the rows whose name or peer kind contains every word of the filter. */
  #applyFilter() {
    const typed = this.#filter.hidden ? "" : this.#filter.value.trim().toLowerCase();
    const words = typed.split(/\s+/);
    let found = 0;
    for (const { item, words: own } of this.#rows.values()) {
      item.hidden = typed !== "" && !words.every((word) => own.includes(word));
      found += item.hidden ? 0 : 1;
    }
    for (const { item } of this.#groups.values()) item.hidden = typed !== "";
    const note = byID("filter-note");
    note.hidden = typed === "";
    setText(note, found === 0 ? "No matches." : `${number(found)} of ${number(this.#rows.size)}`);
  }

  #filterKey(event) {
    if (event.key === "Escape") {
      event.stopPropagation();
      this.#filter.value = "";
      this.#applyFilter();
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.#list.querySelector("li:not([hidden]) [data-service]")?.click();
    }
  }

  #open(isOpen) {
    this.#root.dataset.open = String(isOpen);
    byID("services-toggle").setAttribute("aria-expanded", String(isOpen));
  }
}
