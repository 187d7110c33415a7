// A text field for a request body: says where it is not JSON, takes the caret there, and formats.
//
// A field #name has a hint #name-hint, a button #name-goto in front of the fault, and a button #name-format.

import { byID, say } from "./dom.js";
import { indented } from "./json.js";
import { faultIn } from "./jsoncheck.js";

export class Editor {
  #name;
  #field;
  #isJSON = true;
  #fault = null;

  constructor(name, changed = () => {}) {
    this.#name = name;
    this.#field = byID(name);
    this.#field.addEventListener("input", () => {
      this.check();
      changed();
    });
    byID(`${name}-goto`).addEventListener("click", () => this.#goTo());
    byID(`${name}-format`).addEventListener("click", () => {
      this.value = indented(this.value).textContent;
      changed();
      this.focus();
    });
  }

  get value() {
    return this.#field.value;
  }

  set value(text) {
    this.#field.value = text;
    this.check();
  }

  focus() {
    this.#field.focus();
  }

  /** Bodies of `text` and `binary` services are no JSON, and nothing is wrong with them. */
  wantJSON(isJSON) {
    this.#isJSON = isJSON;
    this.check();
  }

  check() {
    this.#fault = this.#isJSON ? faultIn(this.value) : null;
    const { line, column, message } = this.#fault ?? {};
    say(byID(`${this.#name}-hint`), this.#fault ? `This is not JSON: line ${line}, column ${column}: ${message}.` : "");
    byID(`${this.#name}-goto`).hidden = !this.#fault;
    byID(`${this.#name}-format`).disabled = !this.#isJSON || this.#fault !== null;
    this.#field.setAttribute("aria-invalid", String(this.#fault !== null));
  }

  #goTo() {
    const { at } = this.#fault;
    this.focus();
    this.#field.setSelectionRange(at, at);
  }
}
