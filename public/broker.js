// A broker: no service to send a request to, but what its workers have registered, each a service of its own.

import { KeyedRows, byID, element, say } from "./dom.js";
import { counted, number } from "./words.js";

export class BrokerView {
  #rows = new KeyedRows(byID("registered"), (name) => this.#row(name));
  #choose;

  /** `choose` gets the name of a registered service. */
  constructor(choose) {
    this.#choose = choose;
  }

  /** `registered` are the services of `broker` as /v1/services tells of them. */
  show(broker, registered) {
    this.#rows.draw(registered.map((service) => [service.name, service]), (row, service) => {
      const { ready = 0, busy = 0, queued = 0 } = service.pool ?? {};
      const parts = [counted(service.workers ?? 0, "worker", "workers"), `${number(ready)} ready`,
        `${number(busy)} busy`, queued ? `${number(queued)} queued` : ""];
      say(row.state, parts.filter(Boolean).join(" · "));
    });
    byID("registered").hidden = registered.length === 0;
    byID("registered-empty").hidden = registered.length > 0;
    say(byID("registered-count"), number(registered.length));
  }

  #row(name) {
    const state = element("span", { class: "state" });
    const button = element("button", { type: "button", "data-registered": name }, element("b", {}, name), state,
      element("span", { class: "go", "aria-hidden": "true" }, "→"));
    button.addEventListener("click", () => this.#choose(name));
    return { item: element("li", {}, button), state };
  }
}
