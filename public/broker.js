// A broker's view: the services that its workers have registered. You cannot send requests to the broker itself.

import { KeyedRows, byID, element, setText } from "./dom.js";
import { counted, number } from "./format.js";

export class BrokerView {
  #rows = new KeyedRows(byID("registered"), (name) => this.#row(name));
  #choose;

  /** `choose(name)` is called when the user selects a registered service. */
  constructor(choose) {
    this.#choose = choose;
  }

  /** `registered` are the broker's services from /v1/services. */
  show(registered) {
    this.#rows.draw(registered.map((service) => [service.name, service]), (row, service) => {
      const { ready = 0, busy = 0, queued = 0 } = service.pool ?? {};
      const parts = [counted(service.workers ?? 0, "worker", "workers"), `${number(ready)} ready`,
        `${number(busy)} busy`, queued ? `${number(queued)} queued` : ""];
      setText(row.state, parts.filter(Boolean).join(" · "));
    });
    byID("registered").hidden = registered.length === 0;
    byID("registered-empty").hidden = registered.length > 0;
    setText(byID("registered-count"), number(registered.length));
  }

  #row(name) {
    const state = element("span", { class: "state" });
    const button = element("button", { type: "button", "data-registered": name }, element("b", {}, name), state,
      element("span", { class: "go", "aria-hidden": "true" }, "→"));
    button.addEventListener("click", () => this.#choose(name));
    return { item: element("li", {}, button), state };
  }
}
