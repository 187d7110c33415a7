// DOM helpers for the whole console. Text is only ever set as text: nothing that comes from a worker or from the
// configuration is parsed as HTML.

export const byID = (id) => document.getElementById(id);

/** Creates an element with attributes and children. A string becomes a text node; null and undefined are skipped. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  set(made, attributes, children);
  return made;
}

/** Creates an SVG element. The Content-Security-Policy forbids `style` attributes: use presentation attributes. */
export function drawing(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  set(made, attributes, children);
  return made;
}

function set(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
}

/** Sets the text only if it changed, so that screen readers do not repeat it and a selection survives. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Rows that a list keeps. */
export const maxRows = 500;
const nearEnd = 40;  // pixels

/** Runs `change`, and keeps the end of the list in view if it was in view. */
export function followEnd(list, change) {
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < nearEnd;
  change();
  if (isAtEnd) list.scrollTop = list.scrollHeight;
}

/** Appends rows, and drops the oldest above `maxRows`, so that a fast service cannot slow the page down. */
export function appendRows(list, rows) {
  followEnd(list, () => {
    list.append(...rows);
    while (list.childElementCount > maxRows) list.firstElementChild.remove();
  });
}

/** `[name, value]` pairs as rows of a <dl>; those without a value are left out. */
export function factRows(facts) {
  const known = facts.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return known.map(([name, value]) => element("div", {}, element("dt", {}, name),
    element("dd", { "data-fact": name.toLowerCase() }, value)));
}

/** Rows of a list or table that is drawn again and again. A row lives as long as its key, and keeps the focus. */
export class KeyedRows {
  #rows = new Map();
  #list;
  #make;

  /** `make(key)` returns a row: an object with its element as `item`. */
  constructor(list, make) {
    this.#list = list;
    this.#make = make;
  }

  /** Shows a row for each `[key, value]`, in this order, after `update(row, value)`. */
  draw(entries, update) {
    const gone = new Map(this.#rows);
    entries.forEach(([key, value], i) => {
      gone.delete(key);
      if (!this.#rows.has(key)) this.#rows.set(key, this.#make(key));
      const row = this.#rows.get(key);
      update(row, value);
      if (this.#list.children[i] !== row.item) this.#list.insertBefore(row.item, this.#list.children[i] ?? null);
    });
    for (const [key, { item }] of gone) {
      item.remove();
      this.#rows.delete(key);
    }
  }
}
