// The list at the left: a row for each service, those with trouble first, and a filter where there are many. What a
// broker's workers have registered stays below its broker.
//
// Rows are kept from one look to the next, with the focus where it is, and do not change places under the pointer.

import { byID, element, say } from "./dom.js";
import { number } from "./words.js";

/** More than these do not fit at a glance: they get a filter, and on a phone a list that opens. */
const few = 8;

export class ServiceList {
  #root = document.querySelector(".services");
  #list = byID("services");
  #filter = byID("filter");
  #rows = new Map();
  #groups = new Map();
  #blocks = [];
  #marked = null;
  #choose;

  constructor(choose) {
    this.#choose = choose;
    this.#filter.addEventListener("input", () => this.#sift());
    this.#filter.addEventListener("keydown", (event) => this.#typed(event));
    byID("services-toggle").addEventListener("click", () => this.#open(this.#root.dataset.open !== "true"));
    document.addEventListener("keydown", (event) => {
      const isTyping = event.target.matches("input:not([type=radio], [type=checkbox]), textarea, select");
      if (event.key !== "/" || isTyping || this.#filter.hidden) return;
      event.preventDefault();
      this.#filter.focus();
    });
  }

  /** `standing` tells of a service { state, text, trouble }. */
  draw(services, standing) {
    for (const service of services) {
      if (!this.#rows.has(service.name)) this.#rows.set(service.name, this.#row(service));
      this.#update(this.#rows.get(service.name), service, standing(service));
    }
    const names = new Set(services.map(({ name }) => name));
    for (const [name, { item }] of this.#rows) {
      if (names.has(name)) continue;
      item.remove();
      this.#rows.delete(name);
    }
    this.#arrange(services);
    const isMany = services.length > few;
    this.#root.dataset.many = String(isMany);
    this.#filter.hidden = !isMany;
    say(byID("services-toggle"), `All ${number(services.length)} services`);
    this.#sift();
  }

  mark(name) {
    const isNew = this.#marked !== name;
    this.#marked = name;
    for (const [key, row] of this.#rows) row.button.setAttribute("aria-current", String(key === name));
    if (!isNew) return;
    this.#open(false);
    this.#rows.get(name)?.item.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** A block is a service with what is registered at it; the blocks with trouble come first. */
  #arrange(services) {
    const blocks = services.filter(({ broker }) => !broker).map((head) =>
      [head, ...services.filter(({ broker }) => broker === head.name)].map(({ name }) => name));
    const isAsBefore = this.#blocks.flat().toSorted().join("\n") === blocks.flat().toSorted().join("\n");
    if (isAsBefore && this.#list.matches(":hover")) return;
    const isBad = (block) => block.some((name) => this.#rows.get(name).state === "not-ready");
    const bad = blocks.filter(isBad);
    const good = blocks.filter((block) => !isBad(block));
    this.#blocks = [...bad, ...good];
    const isGrouped = services.length > few && bad.length > 0 && good.length > 0;
    const part = (key, title, of) => [...(isGrouped ? [this.#group(key, title, of.length)] : []),
      ...of.flat().map((name) => this.#rows.get(name).item)];
    const items = [...part("trouble", "Not ready", bad), ...part("fine", "Ready", good)];
    for (const { item } of this.#groups.values()) if (!items.includes(item)) item.remove();
    items.forEach((item, i) => {
      if (this.#list.children[i] !== item) this.#list.insertBefore(item, this.#list.children[i] ?? null);
    });
    this.mark(this.#marked);
  }

  #group(key, title, count) {
    if (!this.#groups.has(key)) {
      const heading = element("h3");
      this.#groups.set(key, { item: element("li", { class: "group", "data-group": key }, heading), heading });
    }
    const { item, heading } = this.#groups.get(key);
    say(heading, `${title} · ${number(count)}`);
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
    say(row.shown, text);
    const title = [service.name, text, trouble].filter(Boolean).join("\n");
    if (row.button.title !== title) row.button.title = title;
  }

  /** All words that were typed must stand in the name or be the kind of peer. */
  #sift() {
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
    say(note, found === 0 ? "No service matches." : `${number(found)} of ${number(this.#rows.size)}`);
  }

  #typed(event) {
    if (event.key === "Escape") {
      event.stopPropagation();
      this.#filter.value = "";
      this.#sift();
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
