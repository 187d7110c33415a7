// The page's address: #service/tab?request=...&how=... Back and Forward, a reload and a shared link lead to the same
// service, the same tab and, if the link has one, the same request.

const defaultTab = "exchange";

/** { service, tab, request, how, topics }; members that the address does not have are undefined. */
function parseHash(hash) {
  const [path, query] = split(hash.replace(/^#/, ""), "?");
  const [service, tab] = split(path, "/").map(decoded);
  const asked = new URLSearchParams(query);
  const topics = asked.has("topic") ? asked.getAll("topic") : undefined;
  return {
    service: service || undefined, tab: tab || defaultTab, topics,
    request: asked.get("request") ?? undefined, how: asked.get("how") ?? undefined,
  };
}

export function hashOf({ service, tab = defaultTab, request, how, topics = [] }) {
  const query = new URLSearchParams(Object.entries({ request, how }).filter(([, value]) => value !== undefined));
  for (const topic of topics) query.append("topic", topic);
  const asked = query.toString();
  const path = (tab === defaultTab ? [service] : [service, tab]).map(encodeURIComponent).join("/");
  return `#${path}${asked && `?${asked}`}`;
}

export class Address {
  /** `arrived` is called when the user goes back or forward, or edits the address. */
  constructor(arrived) {
    addEventListener("popstate", () => arrived(this.current));
  }

  get current() { return parseHash(location.hash); }

  /** Goes to a service and a tab as a new entry in the browser's history. */
  push(place) { this.#move("pushState", place); }

  /** Shows a service and a tab in the address without a new entry in the history. */
  replace(place) { this.#move("replaceState", place); }

  #move(how, place) {
    const hash = hashOf(place);
    document.title = `${place.service} · zmq-gateway`;
    // A link with a request in it stays as it is while its service and tab are shown.
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
