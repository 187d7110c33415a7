// Tabs as the ARIA practices have them: one stop for the Tab key, arrows between them, #tab-x shows #view-x.

import { byID } from "./dom.js";

export class Tabs {
  #names;
  chosen;

  constructor(names) {
    this.#names = names;
    this.chosen = names[0];
    for (const name of names) {
      byID(`tab-${name}`).addEventListener("click", () => this.choose(name));
      byID(`tab-${name}`).addEventListener("keydown", (event) => this.#move(event));
    }
  }

  /** Only these now, in the order of the page; where the chosen one is not among them, the first is chosen. */
  offer(names) {
    for (const one of this.#names) byID(`tab-${one}`).hidden = !names.includes(one);
    if (!names.includes(this.chosen)) this.choose(names[0]);
  }

  choose(name) {
    this.chosen = name;
    for (const one of this.#names) {
      const isChosen = one === name;
      byID(`tab-${one}`).setAttribute("aria-selected", String(isChosen));
      byID(`tab-${one}`).tabIndex = isChosen ? 0 : -1;
      byID(`view-${one}`).hidden = !isChosen;
    }
  }

  #move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const names = this.#names.filter((one) => !byID(`tab-${one}`).hidden);
    this.choose(names[(names.indexOf(this.chosen) + step + names.length) % names.length]);
    byID(`tab-${this.chosen}`).focus();
  }
}
