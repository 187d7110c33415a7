// Tabs as the ARIA practices have them: one stop for the Tab key, arrows between them, #tab-x shows #view-x.

import { byID } from "./dom.js";

export class Tabs {
  #names;
  #changed;
  chosen;

  /** `changed` is called when the reader chooses another one. */
  constructor(names, changed) {
    this.#names = names;
    this.#changed = changed;
    this.chosen = names[0];
    for (const name of names) {
      byID(`tab-${name}`).addEventListener("click", () => this.#chose(name));
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

  #chose(name) {
    this.choose(name);
    this.#changed(name);
  }

  #move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const names = this.#names.filter((one) => !byID(`tab-${one}`).hidden);
    this.#chose(names[(names.indexOf(this.chosen) + step + names.length) % names.length]);
    byID(`tab-${this.chosen}`).focus();
  }
}
