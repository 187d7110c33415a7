// A text field for a request body. It shows where the text is not valid JSON, moves the caret there, and formats.
//
// A field #name has a hint #name-hint, a button #name-goto that leads to the error, and a button #name-format.

import { byID, setText } from "./dom.js";
import { indented } from "./json.js";
import { findSyntaxError } from "./jsoncheck.js";

export class Editor {
  #name;
  #field;
  #isJSON = true;
  #error = null;

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

  /** Bodies of `text` and `binary` services are not checked. */
  setJSON(isJSON) {
    this.#isJSON = isJSON;
    this.check();
  }

  check() {
    this.#error = this.#isJSON ? findSyntaxError(this.value) : null;
    const { line, column, message } = this.#error ?? {};
    const text = this.#error ? `Not valid JSON: line ${line}, column ${column}: ${message}.` : "";
    setText(byID(`${this.#name}-hint`), text);
    byID(`${this.#name}-goto`).hidden = !this.#error;
    byID(`${this.#name}-format`).disabled = !this.#isJSON || this.#error !== null;
    this.#field.setAttribute("aria-invalid", String(this.#error !== null));
  }

  #goTo() {
    const { at } = this.#error;
    this.focus();
    this.#field.setSelectionRange(at, at);
  }
}
