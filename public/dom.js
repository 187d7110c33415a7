// The few lines of DOM that every module of the page needs. Text is only ever set as text: nothing that a worker or a
// service description says is parsed as HTML.

export const byID = (id) => document.getElementById(id);

/** An element with attributes and children; `text` as a child is a text node. Absent children are left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  set(made, attributes, children);
  return made;
}

/** The same for SVG. Presentation attributes only, so that a strict Content-Security-Policy has nothing to refuse. */
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

/** Sets the text only when it changed, so that live regions and selections are left alone. */
export function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
