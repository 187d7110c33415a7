// Tabs that follow the ARIA practices: one tab stop, arrow keys between them. #tab-x shows #view-x.

import { byID } from "./dom.js";

export class Tabs {
  #names;
  #changed;
  selected;

  /** `changed` is called when the user selects another tab. */
  constructor(names, changed) {
    this.#names = names;
    this.#changed = changed;
    this.selected = names[0];
    for (const name of names) {
      byID(`tab-${name}`).addEventListener("click", () => this.#userSelected(name));
      byID(`tab-${name}`).addEventListener("keydown", (event) => this.#move(event));
    }
  }

  /** Shows only these tabs. If the selected one is not among them, the first is selected. */
  show(names) {
    for (const one of this.#names) byID(`tab-${one}`).hidden = !names.includes(one);
    if (!names.includes(this.selected)) this.select(names[0]);
  }

  select(name) {
    this.selected = name;
    for (const one of this.#names) {
      const isSelected = one === name;
      byID(`tab-${one}`).setAttribute("aria-selected", String(isSelected));
      byID(`tab-${one}`).tabIndex = isSelected ? 0 : -1;
      byID(`view-${one}`).hidden = !isSelected;
    }
  }

  #userSelected(name) {
    this.select(name);
    this.#changed(name);
  }

  #move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const names = this.#names.filter((one) => !byID(`tab-${one}`).hidden);
    this.#userSelected(names[(names.indexOf(this.selected) + step + names.length) % names.length]);
    byID(`tab-${this.selected}`).focus();
  }
}
