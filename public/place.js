// Where the page is, as its address says: #service/tab?request=...&how=... So Back and Forward, a reload and a link that
// somebody sent lead to the same service, the same tab and, if the link has one, the same request.

const first = "exchange";

/** { service, tab, request, how, topics }; what the address does not say is undefined. */
function placeIn(hash) {
  const [path, query] = split(hash.replace(/^#/, ""), "?");
  const [service, tab] = split(path, "/").map(decoded);
  const asked = new URLSearchParams(query);
  const topics = asked.has("topic") ? asked.getAll("topic") : undefined;
  return {
    service: service || undefined, tab: tab || first, topics,
    request: asked.get("request") ?? undefined, how: asked.get("how") ?? undefined,
  };
}

export function hashOf({ service, tab = first, request, how, topics = [] }) {
  const query = new URLSearchParams(Object.entries({ request, how }).filter(([, value]) => value !== undefined));
  for (const topic of topics) query.append("topic", topic);
  const asked = query.toString();
  const path = tab === first ? encodeURIComponent(service) : `${encodeURIComponent(service)}/${encodeURIComponent(tab)}`;
  return `#${path}${asked && `?${asked}`}`;
}

export class Place {
  /** `arrived` is called when the reader goes back, forward, or changes the address. */
  constructor(arrived) {
    addEventListener("popstate", () => arrived(placeIn(location.hash)));
  }

  get now() { return placeIn(location.hash); }

  /** The reader went there: Back leads to where the page was before. */
  go(place) { this.#move("pushState", place); }

  /** The page is there by itself: it has no entry of its own in the history. */
  settle(place) { this.#move("replaceState", place); }

  #move(how, place) {
    const hash = hashOf(place);
    document.title = `${place.service} · zmq-gateway`;
    // A link with a request in it stays as it is while its service and its tab are shown.
    if (split(location.hash, "?")[0] !== hash) history[how](null, "", hash);
  }
}

function split(text, sign) {
  const at = text.indexOf(sign);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
