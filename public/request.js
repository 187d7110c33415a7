// Turns the form into a plan: one exchange, or a subscription to a publisher's topics. The console sends a plan, or
// copies it as a curl command or as JavaScript. A plan never changes, so Resend repeats it exactly.

const accepts = {
  json: "application/json",
  ndjson: "application/x-ndjson",
  sse: "text/event-stream",
  eventsource: "text/event-stream",
};

const types = { json: "application/json", text: "text/plain; charset=utf-8", binary: "application/octet-stream" };

/** [label, body] of the demo's services. Any other service starts with an empty object or a word. */
const examples = {
  echo: [["hello", '{"hello":"world"}']],
  ticker: [["10 ticks", '{"count":10}'], ["100 ticks", '{"count":100}']],
  slow: [["3 seconds", '{"seconds":3}']],
  pool: [["next", '{"who":"next"}']],
  flaky: [["error", '{"mode":"error"}'], ["silence", '{"mode":"silence"}'], ["garbage", '{"mode":"garbage"}']],
};

export function examplesFor(service) {
  if (Object.hasOwn(examples, service.name)) return examples[service.name];
  return bodyKindOf(service) === "json" ? [["empty object", "{}"]] : [["hello", "hello"]];
}

/** [label, topics] of the demo's publishers. */
const exampleTopics = {
  prices: [["nasdaq.", ["nasdaq."]], ["nyse.IBM", ["nyse.IBM"]]],
};

export function topicExamplesFor(service) {
  const everything = ["everything", [""]];
  return Object.hasOwn(exampleTopics, service.name) ? [...exampleTopics[service.name], everything] : [everything];
}

/** The plan of an exchange. `rules` are strings as typed; if one is empty, the service's own rule applies. */
export function exchangePlan({ service, body, how, rules, origin }) {
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

/** The plan of a subscription. A publisher's service responds with SSE unless the request accepts something else. */
export function subscriptionPlan({ service, topics, how, rules: { partial, ...rules }, origin }) {
  const plan = { service: service.name, topics: Object.freeze([...topics]), kind: bodyKindOf(service) };
  if (how === "websocket") return socketPlan(plan, rules, origin);
  const query = [...topics.map((topic) => `topic=${encodeURIComponent(topic)}`), ...queryOf(rules)];
  return Object.freeze({ ...plan, how, method: "GET", url: urlOf(service, query, origin), headers: {}, body: null });
}

/** The service's `body`: `json`, `text` or `binary`. */
export const bodyKindOf = (service) => service.body ?? "json";

function queryOf({ deadline, count, idle }) {
  const typed = Object.entries({ deadline, count, idle }).filter(([, value]) => value);
  return typed.map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
}

function urlOf(service, query, origin) {
  return `${origin}/v1/services/${encodeURIComponent(service.name)}${query.length ? `?${query.join("&")}` : ""}`;
}

function socketPlan(plan, rules, origin) {
  const given = Object.entries(rules).filter(([, value]) => value);
  const typed = given.map(([name, value]) => [name, name === "count" ? Number(value) : value]);
  return Object.freeze({
    ...plan, how: "websocket", url: origin, rules: Object.freeze(Object.fromEntries(typed)),
  });
}

/** What is wrong with the rules as typed, or "". The gateway checks them again. */
export function rulesError({ deadline, count, idle }) {
  for (const [name, value] of [["Deadline", deadline], ["Idle", idle]]) {
    if (value && !/^\d+(\.\d+)?(ms|s|m|h)$/.test(value)) return `${name} needs a number and a unit: 300ms, 5s, 1m.`;
  }
  if (count && !/^[1-9]\d*$/.test(count)) return "Count must be a whole number of 1 or more.";
  return "";
}

/** A command for a POSIX shell. `-N` shows replies as they arrive; `--data-raw` sends the body unchanged. */
function curlCommand(plan) {
  const flags = plan.topics ? "-N" : plan.how === "json" ? "-sS" : "-sSN";
  const parts = [`curl ${flags} ${quoted(plan.url)}`];
  for (const [name, value] of Object.entries(plan.headers)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (plan.body !== null) parts.push(`--data-raw ${quoted(plan.body)}`);
  return parts.join(" \\\n  ");
}

/** A module for a browser or Node.js 22. */
function javaScript({ url, service, topics, body, kind, rules }) {
  const rulesText = Object.entries(rules).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const options = rulesText.length ? `, { ${rulesText.join(", ")} }` : "";
  const value = topics ? JSON.stringify(topics) : kind === "json" ? body.trim() : JSON.stringify(body);
  const [variable, shown] = topics ? ["{ topic, body }", "topic, body"] : ["reply", "reply"];
  const call = `gateway.${topics ? "subscribe" : "stream"}(${JSON.stringify(service)}, ${value}${options})`;
  return [
    `import { connect } from ${JSON.stringify(`${url}/zmq-gateway.js`)};`, "",
    `const gateway = connect({ url: ${JSON.stringify(url)} });`,
    `for await (const ${variable} of ${call}) console.log(${shown});`,
    "gateway.close();",
  ].join("\n");
}

/** The plan as JavaScript if it uses a WebSocket, else as a curl command. */
export const snippetOf = (plan) => (plan.how === "websocket" ? javaScript(plan) : curlCommand(plan));

/** Within single quotes a POSIX shell takes everything literally except the single quote. */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
