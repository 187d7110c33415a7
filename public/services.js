// The services and whether they are ready: what the gateway says of them, for the list at the left, the facts above the
// request and the health in the bar. Members that a gateway leaves out are not shown.

import { byID, say } from "./dom.js";
import { ServiceList } from "./servicelist.js";
import { counted, duration, number } from "./words.js";

/** A gateway that takes longer is as good as gone: the page says so and does not wait for ever. */
export const patience = 4000;

/** GET as JSON; `accepted` names further statuses whose body is an answer too (readyz says 503 with a body). */
async function getJSON(path, accepted = []) {
  const response = await fetch(path, {
    headers: { Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(patience),
  });
  if (!response.ok && !accepted.includes(response.status)) throw new Error(`${path} answers ${response.status}`);
  return response.json();
}

/** An answer that cannot be read leaves the readiness open; none at all is for the caller to tell. */
function unlessUnreachable(error) {
  if (error instanceof TypeError || error.name === "TimeoutError") throw error;
  return null;
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
  version = null;
  #ready = null;
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

  /** Throws if the gateway does not answer; what it said before stays, and is called old. */
  async refresh() {
    try {
      const answer = await getJSON("/v1/services");
      this.all = (answer?.services ?? []).filter((service) => typeof service?.name === "string");
      this.version = answer?.version ?? null;
      this.#ready = await getJSON("/readyz", [503]).catch(unlessUnreachable);
    } catch (error) {
      this.#ready = null;
      this.#drawHealth("lost", "not reachable");
      throw error;
    }
    this.#list.draw(this.all, (service) => this.#standing(service));
    const note = byID("services-note");
    note.hidden = this.all.length > 0;
    say(note, "No service is configured.");
    const waiting = Object.values(this.#ready?.services ?? {}).filter((one) => one?.ready === false).length;
    const [state, words] = { true: ["ready", "ready"], false: ["not-ready", "not ready"] }[this.#ready?.ready]
      ?? ["unknown", "readiness unknown"];
    this.#drawHealth(state, waiting ? `${words}: ${counted(waiting, "service", "services")} waiting` : words);
  }

  /** true, false, or undefined where nobody says. */
  readiness(service) {
    return this.#ready?.services?.[service.name]?.ready ?? service.ready;
  }

  workers(service) {
    return this.#ready?.services?.[service.name]?.workers ?? service.workers;
  }

  mark(name) { this.#list.mark(name); }

  #standing(service) {
    const isReady = this.readiness(service);
    const workers = this.workers(service);
    const open = service.exchanges_open;
    const { one, many } = peerWords[service.peer] ?? peerWords.others;
    const parts = [
      isReady === false ? `no ${one}` : workers !== undefined ? counted(workers, one, many) : isReady ? "ready" : "",
      service.pool?.busy ? `${number(service.pool.busy)} busy` : "",
      service.pool?.queued ? `${number(service.pool.queued)} queued` : "",
      open && !service.pool ? `${number(open)} open` : "",
    ];
    return {
      state: isReady === undefined ? "unknown" : isReady ? "ready" : "not-ready", trouble: service.trouble,
      // A figure and its word stay on one line.
      text: parts.filter(Boolean).map((part) => part.replaceAll(" ", "\u00a0")).join(" · "),
    };
  }

  #drawHealth(state, words) {
    byID("health").dataset.state = state;
    say(byID("health").querySelector("span"), words);
  }
}

/** "router · json · ends: final, deadline 30s": what the configuration says of the service, in one line. */
export function factsOf(service) {
  const { first_means: first, idle_means: idle, ...rules } = service.ends ?? {};
  const means = { first_ms: first, idle_ms: idle };
  const ends = Object.entries(rules).map(([key, value]) => {
    if (!key.endsWith("_ms")) return `${key} ${value}`;
    const time = `${key.slice(0, -3)} ${duration(value).replace(/\.0+ /, " ")}`;
    return means[key] ? `${time} (${means[key]})` : time;
  });
  return [service.broker ? `registered at ${service.broker}` : service.peer && `peer ${service.peer}`,
    service.body && `body ${service.body}`, service.frames && `frames ${service.frames}`,
    service.cache && `cache of ${number(service.cache)}`,
    service.topics !== undefined && counted(service.topics, "topic", "topics"),
    service.subscribers !== undefined && counted(service.subscribers, "subscriber", "subscribers"),
    ends.length > 0 && `ends by ${ends.join(", ")}`].filter(Boolean);
}
