// What the form asks for, as one HTTP request: an exchange, or a publisher's messages on some topics; and the same
// request for a shell, or for JavaScript where it goes over a WebSocket. All come from one plan, so that what is copied
// is what is sent. A plan never changes: resend sends it again as it was.

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
  pool: [["who is next", '{"who":"next"}']],
  flaky: [["error", '{"mode":"error"}'], ["silence", '{"mode":"silence"}'], ["garbage", '{"mode":"garbage"}']],
};

export function examplesFor(service) {
  if (Object.hasOwn(examples, service.name)) return examples[service.name];
  return bodyKindOf(service) === "json" ? [["empty object", "{}"]] : [["hello", "hello"]];
}

/** The same for publishers: [label, topics]. */
const topics = {
  prices: [["nasdaq.", ["nasdaq."]], ["nyse.IBM", ["nyse.IBM"]]],
};

export function topicExamplesFor(service) {
  const everything = ["everything", [""]];
  return Object.hasOwn(topics, service.name) ? [...topics[service.name], everything] : [everything];
}

/** The plan of an exchange. `rules` are strings as typed; an empty one leaves the matter to the service. */
export function planOf({ service, body, how, rules, origin }) {
  if (how === "websocket") {
    return socketPlan({ service: service.name, body, source: body, kind: bodyKindOf(service) }, rules, origin);
  }
  const query = queryOf(rules);
  if (rules.partial) query.push("partial=ok");
  if (how === "ndjson") query.push("end=record");
  const byGet = how === "eventsource";
  if (byGet) query.push(`request=${encodeURIComponent(body)}`);
  const headers = { Accept: accepts[how] };
  if (!byGet) headers["Content-Type"] = types[bodyKindOf(service)];
  return Object.freeze({
    service: service.name, how, method: byGet ? "GET" : "POST", url: urlOf(service, query, origin),
    headers: Object.freeze(headers), body: byGet ? null : body, source: body,
  });
}

/** The plan of listening to topics, without end: SSE is what a publisher's service answers unless asked otherwise. */
export function topicPlanOf({ service, topics, how, rules: { partial, ...rules }, origin }) {
  const plan = { service: service.name, topics: Object.freeze([...topics]), kind: bodyKindOf(service) };
  if (how === "websocket") return socketPlan(plan, rules, origin);
  const query = [...topics.map((topic) => `topic=${encodeURIComponent(topic)}`), ...queryOf(rules)];
  return Object.freeze({ ...plan, how, method: "GET", url: urlOf(service, query, origin), headers: {}, body: null });
}

/** What the service takes: `json`, `text` or `binary`. */
export const bodyKindOf = (service) => service.body ?? "json";

function queryOf({ deadline, count, idle }) {
  const typed = Object.entries({ deadline, count, idle }).filter(([, value]) => value);
  return typed.map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
}

function urlOf(service, query, origin) {
  return `${origin}/v1/services/${encodeURIComponent(service.name)}${query.length ? `?${query.join("&")}` : ""}`;
}

function socketPlan(plan, rules, origin) {
  const said = Object.entries(rules).filter(([, value]) => value);
  const typed = said.map(([name, value]) => [name, name === "count" ? Number(value) : value]);
  return Object.freeze({
    ...plan, how: "websocket", url: origin, rules: Object.freeze(Object.fromEntries(typed)),
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
function curlOf(plan) {
  const flags = plan.topics ? "-N" : plan.how === "json" ? "-sS" : "-sSN";
  const parts = [`curl ${flags} ${quoted(plan.url)}`];
  for (const [name, value] of Object.entries(plan.headers)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (plan.body !== null) parts.push(`--data-raw ${quoted(plan.body)}`);
  return parts.join(" \\\n  ");
}

/** The plan as a module for a browser or for Node 22. */
function javaScriptOf({ url, service, topics, body, kind, rules }) {
  const said = Object.entries(rules).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const options = said.length ? `, { ${said.join(", ")} }` : "";
  const value = topics ? JSON.stringify(topics) : kind === "json" ? body.trim() : JSON.stringify(body);
  const [heard, told] = topics ? ["{ topic, body }", "topic, body"] : ["reply", "reply"];
  const call = `gateway.${topics ? "subscribe" : "stream"}(${JSON.stringify(service)}, ${value}${options})`;
  return [
    `import { connect } from ${JSON.stringify(`${url}/zmq-gateway.js`)};`, "",
    `const gateway = connect({ url: ${JSON.stringify(url)} });`,
    `for await (const ${heard} of ${call}) console.log(${told});`,
    "gateway.close();",
  ].join("\n");
}

/** The copy of a plan that the transport calls for. */
export const copyOf = (plan) => (plan.how === "websocket" ? javaScriptOf(plan) : curlOf(plan));

/** In single quotes a POSIX shell takes everything literally but the single quote itself. */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
