// The topics to subscribe to, as chips: typed, or taken from the examples. A topic is a prefix; the empty one matches
// everything. Each publisher has its own topics until the page is closed.

import { byID, element, setText } from "./dom.js";
import { topicExamplesFor } from "./request.js";

const maxTopics = 100;
const maxTopicBytes = 255;

export class Topics {
  #topics = [];
  #drafts = new Map();
  #service = null;
  #isLocked = false;
  #field = byID("topic");
  #changed;

  /** `changed` is called when the topics change. */
  constructor(changed) {
    this.#changed = changed;
    byID("topic-add").addEventListener("click", () => this.#add());
    this.#field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && this.#field.value !== "") {
        event.preventDefault();
        this.#add();
      } else if (event.key === "Backspace" && this.#field.value === "" && this.#topics.length > 0) {
        this.#set(this.#topics.slice(0, -1));
      }
    });
    this.#field.addEventListener("input", () => this.#showError());
  }

  focus(service) {
    const examples = topicExamplesFor(service);
    if (this.#service !== service.name) this.#field.value = "";
    this.#service = service.name;
    byID("topic-examples").replaceChildren(...examples.map(([label, topics]) => {
      const button = element("button", { type: "button", class: "quiet", "data-topics": label }, label);
      button.addEventListener("click", () => !this.#isLocked && this.#set(topics));
      return button;
    }));
    this.#set(this.#drafts.get(service.name) ?? examples[0][1]);
  }

  /** The topics, including text that was typed but not added yet. */
  get value() {
    const typed = this.#field.value;
    return typed === "" || this.#topics.includes(typed) ? this.#topics : [...this.#topics, typed];
  }

  set value(topics) { this.#set(topics.slice(0, maxTopics)); }

  /** What is wrong with the topics, or "". */
  get error() {
    if (this.value.length === 0) return "Enter a topic, or choose everything.";
    if (this.value.length > maxTopics) return `At most ${maxTopics} topics at a time.`;
    const isLong = new TextEncoder().encode(this.#field.value).length > maxTopicBytes;
    return isLong ? `A topic has at most ${maxTopicBytes} bytes.` : "";
  }

  /** The topics cannot change while the subscription is open. */
  set isLocked(isLocked) {
    this.#isLocked = isLocked;
    byID("topics").parentElement.dataset.locked = String(isLocked);
    for (const one of document.querySelectorAll("#topic-editor :is(button, input)")) one.disabled = isLocked;
  }

  #add() {
    if (this.error === "" && this.#field.value !== "") this.#set(this.value);
    this.#field.focus();
  }

  #set(topics) {
    this.#topics = topics;
    this.#drafts.set(this.#service, topics);
    this.#field.value = "";
    byID("topics").replaceChildren(...topics.map((topic) => this.#chip(topic)));
    this.#showError();
  }

  #showError() {
    setText(byID("topic-hint"), this.error);
    this.#changed();
  }

  #chip(topic) {
    const name = topic === "" ? "everything" : topic;
    const button = element("button", { type: "button", class: "quiet", "aria-label": `Remove ${name}` }, "×");
    button.addEventListener("click", () => {
      this.#set(this.#topics.filter((one) => one !== topic));
      this.#field.focus();
    });
    const shown = element(topic === "" ? "em" : "code", {}, name);
    return element("li", { "data-topic": topic }, shown, button);
  }
}
