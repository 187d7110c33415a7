// The services and their readiness: the list on the left, the facts above the request, and the health in the bar.

import { byID, setText } from "./dom.js";
import { counted, number, setting } from "./format.js";
import { ServiceList } from "./servicelist.js";

/** How long the console waits for the gateway, in milliseconds, before it reports it as unreachable. */
export const requestTimeout = 4000;

/** GET as JSON. `accepted` are error statuses whose body is wanted too: /readyz responds with 503 and a body. */
async function getJSON(path, accepted = []) {
  const response = await fetch(path, {
    headers: { Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(requestTimeout),
  });
  if (!response.ok && !accepted.includes(response.status)) throw new Error(`${path} returned ${response.status}`);
  return response.json();
}

/** Any other response leaves the readiness unknown; if there is none, the gateway is unreachable. */
function nullUnlessUnreachable(error) {
  if (error instanceof TypeError || error.name === "TimeoutError") throw error;
  return null;
}

const peerNouns = {
  publisher: { one: "publisher", many: "publishers" },
  others: { one: "worker", many: "workers" },
};

/** What you can do with a service: send `requests`, subscribe to `topics`, or look at a `broker`. */
export function kindOf(service) {
  return service.peer === "publisher" ? "topics" : service.registered ? "broker" : "requests";
}

export class Services {
  all = [];
  version = null;
  #readiness = null;
  #list;

  constructor(choose) {
    this.#list = new ServiceList(choose);
  }

  named(name) {
    return this.all.find((service) => service.name === name);
  }

  registeredAt(broker) {
    return this.all.filter((service) => service.broker === broker.name);
  }

  /** Throws if the gateway does not answer. The previous services stay. */
  async refresh() {
    try {
      const answer = await getJSON("/v1/services");
      this.all = (answer?.services ?? []).filter((service) => typeof service?.name === "string");
      this.version = answer?.version ?? null;
      this.#readiness = await getJSON("/readyz", [503]).catch(nullUnlessUnreachable);
    } catch (error) {
      this.#readiness = null;
      this.#drawHealth("lost", "unreachable");
      throw error;
    }
    this.#list.draw(this.all, (service) => this.#statusOf(service));
    const note = byID("services-note");
    note.hidden = this.all.length > 0;
    setText(note, "No services are configured.");
    const waiting = Object.values(this.#readiness?.services ?? {}).filter((one) => one?.ready === false).length;
    const [state, words] = { true: ["ready", "ready"], false: ["not-ready", "not ready"] }[this.#readiness?.ready]
      ?? ["unknown", "readiness unknown"];
    this.#drawHealth(state, waiting ? `${words}: ${counted(waiting, "service", "services")} without a worker` : words);
  }

  /** true, false, or undefined if unknown. */
  isReady(service) {
    return this.#readiness?.services?.[service.name]?.ready ?? service.ready;
  }

  workers(service) {
    return this.#readiness?.services?.[service.name]?.workers ?? service.workers;
  }

  mark(name) { this.#list.mark(name); }

  #statusOf(service) {
    const isReady = this.isReady(service);
    const workers = this.workers(service);
    const open = service.exchanges_open;
    const { one, many } = peerNouns[service.peer] ?? peerNouns.others;
    const parts = [
      isReady === false ? `no ${one}` : workers !== undefined ? counted(workers, one, many) : isReady ? "ready" : "",
      service.pool?.busy ? `${number(service.pool.busy)} busy` : "",
      service.pool?.queued ? `${number(service.pool.queued)} queued` : "",
      open && !service.pool ? `${number(open)} open` : "",
    ];
    return {
      state: isReady === undefined ? "unknown" : isReady ? "ready" : "not-ready", trouble: service.trouble,
      // A number and its noun stay on one line.
      text: parts.filter(Boolean).map((part) => part.replaceAll(" ", "\u00a0")).join(" · "),
    };
  }

  #drawHealth(state, words) {
    byID("health").dataset.state = state;
    setText(byID("health").querySelector("span"), words);
  }
}

/** The service's configuration in a few words, such as "peer router" and "ends: final /done = true, deadline 30 s". */
export function factsOf(service) {
  const { first_means: first, idle_means: idle, ...rules } = service.ends ?? {};
  const means = { first_ms: first, idle_ms: idle };
  const ends = Object.entries(rules).map(([key, value]) => {
    if (!key.endsWith("_ms")) return `${key} ${value}`;
    const time = `${key.slice(0, -3)} ${setting(value)}`;
    return means[key] ? `${time} (${means[key]})` : time;
  });
  return [service.broker ? `registered at ${service.broker}` : service.peer && `peer ${service.peer}`,
    service.body && `body ${service.body}`, service.frames && `frames ${service.frames}`,
    service.cache && `cache of ${number(service.cache)}`,
    service.topics !== undefined && counted(service.topics, "topic", "topics"),
    service.subscribers !== undefined && counted(service.subscribers, "subscriber", "subscribers"),
    ends.length > 0 && `ends: ${ends.join(", ")}`].filter(Boolean);
}
