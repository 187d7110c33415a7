// What the form asks for, as one HTTP request; and the same request for a shell, or for JavaScript where it goes over a
// WebSocket. All come from one plan, so that what is copied is what is sent. A plan never
// changes: resend sends it again as it was.

const accepts = {
  json: "application/json",
  ndjson: "application/x-ndjson",
  sse: "text/event-stream",
  eventsource: "text/event-stream",
};

const types = { json: "application/json", text: "text/plain; charset=utf-8", binary: "application/octet-stream" };

/** Examples for the demo's services; any other service starts with an empty object or a word. */
const examples = {
  echo: [["hello", '{"hello":"world"}']],
  ticker: [["10 ticks", '{"count":10}'], ["100 ticks", '{"count":100}']],
  slow: [["3 seconds", '{"seconds":3}']],
  flaky: [["error", '{"mode":"error"}'], ["silence", '{"mode":"silence"}'], ["garbage", '{"mode":"garbage"}']],
};

export function examplesFor(service) {
  if (Object.hasOwn(examples, service.name)) return examples[service.name];
  return (service.body ?? "json") === "json" ? [["empty object", "{}"]] : [["hello", "hello"]];
}

/** The plan of an exchange. `rules` are strings as typed; an empty one leaves the matter to the service. */
export function planOf({ service, body, how, rules, origin }) {
  if (how === "websocket") return socketPlan(service, body, rules, origin);
  const query = [];
  const add = (key, value) => value && query.push(`${key}=${encodeURIComponent(value)}`);
  add("deadline", rules.deadline);
  add("count", rules.count);
  add("idle", rules.idle);
  add("partial", rules.partial ? "ok" : "");
  if (how === "ndjson") add("end", "record");
  const byGet = how === "eventsource";
  if (byGet) query.push(`request=${encodeURIComponent(body)}`);
  const path = `/v1/services/${encodeURIComponent(service.name)}${query.length ? `?${query.join("&")}` : ""}`;
  const headers = { Accept: accepts[how] };
  if (!byGet) headers["Content-Type"] = types[service.body] ?? types.json;
  return Object.freeze({
    service: service.name, how, method: byGet ? "GET" : "POST", url: origin + path,
    headers: Object.freeze(headers), body: byGet ? null : body, source: body,
  });
}

function socketPlan(service, body, rules, origin) {
  const said = Object.entries(rules).filter(([, value]) => value);
  const typed = said.map(([name, value]) => [name, name === "count" ? Number(value) : value]);
  return Object.freeze({
    service: service.name, how: "websocket", url: origin, body, source: body, kind: service.body ?? "json",
    rules: Object.freeze(Object.fromEntries(typed)),
  });
}

/** What is wrong with the rules as typed, or "". The gateway has the last word; this only saves a round trip. */
export function rulesComplaint({ deadline, count, idle }) {
  for (const [name, value] of [["Deadline", deadline], ["Idle", idle]]) {
    if (value && !/^\d+(\.\d+)?(ms|s|m|h)$/.test(value)) return `${name} wants a number and a unit: 300ms, 5s, 1m.`;
  }
  if (count && !/^[1-9]\d*$/.test(count)) return "Count wants a whole number from 1 on.";
  return "";
}

/** The plan as a command for a POSIX shell. `-N` shows replies as they arrive, `--data-raw` sends the body as is. */
export function curlOf(plan) {
  const parts = [`curl${plan.how === "json" ? " -sS" : " -sSN"} ${quoted(plan.url)}`];
  for (const [name, value] of Object.entries(plan.headers)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (plan.body !== null) parts.push(`--data-raw ${quoted(plan.body)}`);
  return parts.join(" \\\n  ");
}

/** The plan as a module for a browser or for Node 22. */
export function javaScriptOf({ url, service, body, kind, rules }) {
  const said = Object.entries(rules).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const options = said.length ? `, { ${said.join(", ")} }` : "";
  const value = kind === "json" ? body.trim() : JSON.stringify(body);
  return [
    `import { connect } from ${JSON.stringify(`${url}/zmq-gateway.js`)};`, "",
    `const gateway = connect({ url: ${JSON.stringify(url)} });`,
    `for await (const reply of gateway.stream(${JSON.stringify(service)}, ${value}${options})) console.log(reply);`,
    "gateway.close();",
  ].join("\n");
}

/** The copy of a plan that the transport calls for. */
export const copyOf = (plan) => (plan.how === "websocket" ? javaScriptOf(plan) : curlOf(plan));

/** In single quotes a POSIX shell takes everything literally but the single quote itself. */
export function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
