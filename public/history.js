// The requests that this browser tab has sent, newest first, in sessionStorage, so that they survive a reload. Without
// storage (a private window may forbid it) they last as long as the page.

import { byID, element } from "./dom.js";

const key = "zmq-gateway.requests";
const maxEntries = 20;
const shownCharacters = 60;

export class RequestHistory {
  #entries = load();
  #select = byID("history");

  /** `choose({ service, body, how })` is called when the user selects one. */
  constructor(choose) {
    this.#select.addEventListener("change", () => {
      const entry = this.#entries[Number(this.#select.value)];
      this.#select.selectedIndex = 0;
      if (entry) choose(entry);
    });
    this.#draw();
  }

  add({ service, body, how }) {
    const isSame = (one) => one.service === service && one.body === body;
    this.#entries = [{ service, body, how }, ...this.#entries.filter((one) => !isSame(one))].slice(0, maxEntries);
    try {
      sessionStorage.setItem(key, JSON.stringify(this.#entries));
    } catch {
      // Full or forbidden: the requests stay in memory.
    }
    this.#draw();
  }

  #draw() {
    const options = this.#entries.map(({ service, body }, index) => {
      const text = body.replace(/\s+/g, " ");
      const short = text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text;
      return element("option", { value: index }, `${service}  ${short}`);
    });
    this.#select.replaceChildren(element("option", { value: "" }, "History"), ...options);
    this.#select.disabled = options.length === 0;
  }
}

function load() {
  try {
    const stored = JSON.parse(sessionStorage.getItem(key));
    const isOne = (one) => typeof one?.service === "string" && typeof one.body === "string";
    return Array.isArray(stored) ? stored.filter(isOne) : [];
  } catch {
    return [];
  }
}
