// Compiled and never run: uses each type of the client module as a page would, and misuses some.
import { connect, GatewayError, type End, type Gateway, type Problem, type Session } from "../../../public/zmq-gateway.js";

const stop = new AbortController();
const gateway: Gateway = connect({
  url: "https://example.org/gateway", transport: "sse", signal: stop.signal, retry_ms: 100, ping_ms: 5000, pong_ms: 500, grace_ms: 0,
  reviver: (key, value, context) => (typeof value === "number" ? context?.source : value),
  onstate: ({ state, retry_ms }) => console.log(state, retry_ms?.toFixed()),
});

export async function exchanges(): Promise<End | null> {
  const one = await gateway.request<{ total: number }>("orders", { id: 1 }, { deadline: "5s", partial: true });
  console.log(one.total.toFixed());
  const ticks = gateway.stream<{ tick: number }>("ticker", {}, { count: 3, idle: 500 });
  for await (const { tick } of ticks) console.log(tick.toFixed());
  for await (const { topic, body } of gateway.subscribe<number>("prices", ["eur", "usd"])) console.log(topic?.length, body + 1);
  return ticks.end;
}

export async function failures(): Promise<Problem | null> {
  try {
    await gateway.request("orders", null, { signal: stop.signal });
  } catch (error) {
    if (error instanceof GatewayError) return error.code === "deadline" ? error.problem : null;
  }
  return null;
}

export async function session(): Promise<void> {
  const talk: Session<string> = gateway.session<string>("chat", { resume: true, as: "text" });
  talk.addEventListener("state", (event) => console.log(event.detail.missed));
  talk.addEventListener("problem", (event) => console.log(event.detail.code));
  talk.addEventListener("anything", { handleEvent: (event: Event) => console.log(event.type) }, { once: true });
  talk.onmessage = ({ data }) => console.log(data.length, talk.info.acked);
  talk.send("hello");
  for await (const reply of talk) console.log(reply.length);
  talk.close();
}

// @ts-expect-error There is no such transport.
connect({ transport: "carrier-pigeon" });
// @ts-expect-error A count is a number.
gateway.request("orders", {}, { count: "three" });
// @ts-expect-error The end record is read-only.
gateway.stream("ticker", {}).end = null;
// @ts-expect-error `resumed` is an event and not a state.
if (gateway.state === "resumed") gateway.close();
