// The topics to listen to, as chips: typed, or taken from the examples. A topic is a prefix; the empty one is
// everything. Each publisher has its own, for as long as the page lives.

import { byID, element, say } from "./dom.js";
import { topicExamplesFor } from "./request.js";

const most = 100;
const mostBytes = 255;

export class Topics {
  #chosen = [];
  #drafts = new Map();
  #service = null;
  #isLocked = false;
  #field = byID("topic");
  #changed;

  /** `changed` is called when other topics are chosen. */
  constructor(changed) {
    this.#changed = changed;
    byID("topic-add").addEventListener("click", () => this.#take());
    this.#field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && this.#field.value !== "") {
        event.preventDefault();
        this.#take();
      } else if (event.key === "Backspace" && this.#field.value === "" && this.#chosen.length > 0) {
        this.#choose(this.#chosen.slice(0, -1));
      }
    });
    this.#field.addEventListener("input", () => this.#complain());
  }

  focus(service) {
    const examples = topicExamplesFor(service);
    if (this.#service !== service.name) this.#field.value = "";
    this.#service = service.name;
    byID("topic-examples").replaceChildren(...examples.map(([label, topics]) => {
      const button = element("button", { type: "button", class: "quiet", "data-topics": label }, label);
      button.addEventListener("click", () => !this.#isLocked && this.#choose(topics));
      return button;
    }));
    this.#choose(this.#drafts.get(service.name) ?? examples[0][1]);
  }

  /** What is chosen, with what was typed and not added yet. */
  get value() {
    const typed = this.#field.value;
    return typed === "" || this.#chosen.includes(typed) ? this.#chosen : [...this.#chosen, typed];
  }

  set value(topics) { this.#choose(topics.slice(0, most)); }

  /** What is wrong, or "". */
  get complaint() {
    if (this.value.length === 0) return "Choose a topic, or everything.";
    if (this.value.length > most) return `At most ${most} topics at a time.`;
    const isLong = new TextEncoder().encode(this.#field.value).length > mostBytes;
    return isLong ? `A topic has at most ${mostBytes} bytes.` : "";
  }

  /** While somebody listens the topics stay as they are. */
  set isLocked(isLocked) {
    this.#isLocked = isLocked;
    byID("topics").parentElement.dataset.locked = String(isLocked);
    for (const one of document.querySelectorAll("#topic-editor :is(button, input)")) one.disabled = isLocked;
  }

  #take() {
    if (this.complaint === "" && this.#field.value !== "") this.#choose(this.value);
    this.#field.focus();
  }

  #choose(topics) {
    this.#chosen = topics;
    this.#drafts.set(this.#service, topics);
    this.#field.value = "";
    byID("topics").replaceChildren(...topics.map((topic) => this.#chip(topic)));
    this.#complain();
  }

  #complain() {
    say(byID("topic-hint"), this.complaint);
    this.#changed();
  }

  #chip(topic) {
    const name = topic === "" ? "everything" : topic;
    const button = element("button", { type: "button", class: "quiet", "aria-label": `remove ${name}` }, "×");
    button.addEventListener("click", () => {
      this.#choose(this.#chosen.filter((one) => one !== topic));
      this.#field.focus();
    });
    const shown = element(topic === "" ? "em" : "code", {}, name);
    return element("li", { "data-topic": topic }, shown, button);
  }
}
