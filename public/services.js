// The services and whether they are ready: the list at the left, the facts above the request, the health in the bar.
// What a broker's workers have registered stands below the broker. Members that a gateway leaves out are not shown.

import { byID, element, say } from "./dom.js";
import { counted, duration, number } from "./words.js";

/** GET as JSON; `accepted` names further statuses whose body is an answer too (readyz says 503 with a body). */
export async function getJSON(path, accepted = []) {
  const response = await fetch(path, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (!response.ok && !accepted.includes(response.status)) throw new Error(`${path} answers ${response.status}`);
  return response.json();
}

const peerWords = {
  publisher: { one: "publisher", many: "publishers" },
  others: { one: "worker", many: "workers" },
};

/** How the page deals with it: it is sent requests, it is listened to, or it is a broker and shows what is there. */
export function kindOf(service) {
  return service.peer === "publisher" ? "topics" : service.registered ? "broker" : "requests";
}

export class Services {
  all = [];
  #ready = null;
  #rows = new Map();
  #marked = null;
  #choose;

  constructor(choose) {
    this.#choose = choose;
  }

  named(name) {
    return this.all.find((service) => service.name === name);
  }

  registeredAt(broker) {
    return this.all.filter((service) => service.broker === broker.name);
  }

  async refresh() {
    const answer = await getJSON("/v1/services");
    this.all = (answer?.services ?? []).filter((service) => typeof service?.name === "string");
    this.#ready = await getJSON("/readyz", [503]).catch(() => null);
    this.#draw();
    this.#drawHealth();
  }

  /** true, false, or undefined where nobody says. */
  readiness(service) {
    const live = this.#ready?.services?.[service.name];
    if (typeof live?.ready === "boolean") return live.ready;
    return [service.ready, service.worker].find((one) => typeof one === "boolean");
  }

  workers(service) {
    return this.#ready?.services?.[service.name]?.workers ?? service.workers;
  }

  mark(name) {
    this.#marked = name;
    for (const [key, row] of this.#rows) {
      row.button.setAttribute("aria-current", String(key === name));
    }
  }

  #draw() {
    const names = this.all.map((service) => service.name);
    if (names.join("\n") !== [...this.#rows.keys()].join("\n")) this.#arrange();
    for (const service of this.all) this.#update(this.#rows.get(service.name), service);
    const note = byID("services-note");
    note.hidden = this.all.length > 0;
    say(note, "No service is configured.");
  }

  /** Rows that were there before stay in the page, with the focus where it is; services come and go at a broker. */
  #arrange() {
    const list = byID("services");
    const rows = this.all.map((service) => [service.name, this.#rows.get(service.name) ?? this.#row(service)]);
    for (const [name, { item }] of this.#rows) if (!this.named(name)) item.remove();
    this.#rows = new Map(rows);
    rows.forEach(([, { item }], i) => list.children[i] !== item && list.insertBefore(item, list.children[i] ?? null));
    this.mark(this.#marked);
  }

  #row(service) {
    const dot = element("i", { class: "dot", "aria-hidden": "true" });
    const state = element("span", { class: "state" });
    const peer = element("span", { class: "peer" }, service.broker ? "" : service.peer ?? "");
    const button = element("button", { type: "button", "data-service": service.name },
      dot, element("b", {}, service.name), peer, state);
    button.addEventListener("click", () => this.#choose(service.name));
    return { item: element("li", { class: service.broker && "registered" }, button), button, state };
  }

  #update(row, service) {
    const isReady = this.readiness(service);
    row.button.dataset.state = isReady === undefined ? "unknown" : isReady ? "ready" : "not-ready";
    const workers = this.workers(service);
    const open = service.exchanges_open;
    const { one, many } = peerWords[service.peer] ?? peerWords.others;
    const parts = [
      isReady === false ? `no ${one}` : workers !== undefined ? counted(workers, one, many) : isReady ? "ready" : "",
      service.pool?.busy ? `${number(service.pool.busy)} busy` : "",
      service.pool?.queued ? `${number(service.pool.queued)} queued` : "",
      open && !service.pool ? `${number(open)} open` : "",
    ];
    // A figure and its word stay on one line.
    say(row.state, parts.filter(Boolean).map((part) => part.replaceAll(" ", "\u00a0")).join(" · "));
  }

  #drawHealth() {
    const health = byID("health");
    const waiting = Object.values(this.#ready?.services ?? {}).filter((one) => one?.ready === false).length;
    const isReady = this.#ready?.ready;
    health.dataset.state = isReady === true ? "ready" : isReady === false ? "not-ready" : "unknown";
    const words = isReady === true ? "ready" : isReady === false ? "not ready" : "readiness unknown";
    say(health.querySelector("span"), waiting ? `${words}: ${counted(waiting, "service", "services")} waiting` : words);
  }
}

/** "router · json · ends: final, deadline 30s": what the configuration says of the service, in one line. */
export function factsOf(service) {
  const ends = Object.entries(service.ends ?? {}).filter(([, value]) => value !== null && value !== false);
  const told = ends.map(([key, value]) => {
    if (value === true) return key;
    if (typeof value === "object") return value.pointer ? `${key} ${value.pointer}` : key;
    return key.endsWith("_ms") ? `${key.slice(0, -3)} ${duration(value)}` : `${key} ${value}`;
  });
  return [service.broker ? `registered at ${service.broker}` : service.peer && `peer ${service.peer}`,
    service.body && `body ${service.body}`, service.frames && `frames ${service.frames}`,
    service.cache && `cache of ${number(service.cache)}`,
    service.topics !== undefined && counted(service.topics, "topic", "topics"),
    service.listeners !== undefined && counted(service.listeners, "listener", "listeners"),
    told.length > 0 && `ends by ${told.join(", ")}`].filter(Boolean);
}
