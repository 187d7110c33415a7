// The client of zmq-gateway for browsers and for Node: requests with many replies, over one WebSocket that comes back.
//
//   const gateway = connect();
//   await gateway.request("echo", { hello: 1 });
//   for await (const reply of gateway.stream("ticker", { count: 5 })) show(reply);
//
//   Gateway  the exchanges that are open, by id          Stream   the replies of one exchange, as an async iterator
//   Session  one raw conversation with one service       Wire     one WebSocket after another: hello, resume, acks
//
// A connection that breaks is opened again after a random wait that grows (full jitter), and the session resumed where
// the gateway allows it. A connection that only falls silent is asked with a ping, and dropped when no answer comes.
// Nothing is lost in silence: what cannot be resumed fails with `connection_lost`, what the gateway had to forget with
// `replies_lost`. One file without dependencies, so that it can be copied anywhere.

const defaults = {
  url: globalThis.location?.origin, transport: "auto",
  retry_ms: 250, max_retry_ms: 15_000, hello_ms: 10_000, wait_ms: 15_000,
  ping_ms: 20_000, pong_ms: 5_000, grace_ms: 2_000,
  fetch: (...args) => globalThis.fetch(...args), WebSocket: globalThis.WebSocket,
};
const acksAfter = 32;
const ackInterval = 250;
const longLived = 5_000;
const longestTimer = 2 ** 31 - 1;  // setTimeout takes no more, and fires at once when it gets more
const nobody = "?";  // no service is called so: asks whether an id is in use, see Gateway's resumed()
// Not NDJSON: the gateway breaks an incomplete NDJSON answer off behind its end record, so that curl can tell, and
// Chromium then throws away what it had not handed out yet: 30 of 40 end records, against none of 40 events.
const fallback = "sse";
const unfinished = ["idle", "deadline", "limit"];

export const connect = (options = {}) => new Gateway({ ...defaults, ...options });

/** `code` is the gateway's stable word, or connection_lost, replies_lost, unreachable, protocol_error, closed. */
export class GatewayError extends Error {
  name = "GatewayError";
  constructor(code, message, { problem = null, reason = null, replies = problem?.replies ?? [] } = {}) {
    super(message ?? problem?.detail ?? problem?.title ?? code);
    Object.assign(this, { code, problem, status: problem?.status, reason, replies });
  }
}

const problemError = (problem, reason = null) =>
  new GatewayError(problem?.code ?? reason ?? "http_error", undefined, { problem, reason });
const milliseconds = (time) => (typeof time === "number" ? `${time}ms` : time);
const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** null for no time, or one that the gateway will refuse. */
const inMilliseconds = (time) => {
  const [, count, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(milliseconds(time ?? "")) ?? [];
  return unit ? count * units[unit] : null;
};
const rulesOf = ({ deadline, idle, count, partial }) => ({
  deadline: milliseconds(deadline), idle: milliseconds(idle), count, partial: partial ? "ok" : undefined,
});
const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
/** Bodies inside JSON: bytes are base64 there, everything else is itself. */
const enclosed = (body, as) => (as === "binary" ? toBase64(body) : body);
const disclosed = (body, as) => (as === "binary" ? fromBase64(body) : body);

/** What was pushed and not yet taken; ends once, with an error behind the last item or without. */
class Feed {
  #controller;
  #reader = new ReadableStream({ start: (controller) => { this.#controller = controller; } }).getReader();
  #isOver = false;

  push(value) {
    if (!this.#isOver) this.#controller.enqueue({ value });
  }

  finish(error = null) {
    if (this.#isOver) return;
    if (error) this.#controller.enqueue({ error });
    this.#isOver = true;
    this.#controller.close();
  }

  forget() { this.#reader.cancel(); }

  async next() {
    const { value: item, done } = await this.#reader.read();
    if (item && "error" in item) throw item.error;
    return { value: item?.value, done };
  }
}

/** The replies of one exchange. Leaving the loop, or the signal, cancels it; `end` is the end record after the last. */
class Stream {
  end = null;
  #feed = new Feed();
  #count = 0;
  #options;
  #cancel;
  #release = () => {};

  /** `begin` gets what it may tell the stream, and gives the function that cancels the exchange. */
  constructor(options, begin) {
    this.#options = options;
    const { signal } = options;
    const abort = () => this.#over({ reason: "cancelled", ok: true }, signal.reason, true);
    if (signal?.aborted) return abort();
    signal?.addEventListener("abort", abort, { once: true });
    this.#release = () => signal?.removeEventListener("abort", abort);
    this.#cancel = begin({
      reply: (body) => { this.#count += 1; this.#feed.push(disclosed(body, options.as)); },
      finish: (end) => this.#over(end, this.#isFine(end) ? null : problemError(end.problem, end.reason)),
      fail: (error) => this.#over({ reason: error.code, ok: false, problem: error.problem ?? undefined }, error),
    });
  }

  next() { return this.#feed.next(); }
  [Symbol.asyncIterator]() { return this; }

  async return(value) {
    this.#over({ reason: "cancelled", ok: true }, null, true);
    this.#feed.forget();
    return { value, done: true };
  }

  #isFine(end) {
    return end.ok || (this.#options.partial && unfinished.includes(end.reason));
  }

  #over(end, error, isCancelled = false) {
    if (this.end) return;
    this.end = { replies: this.#count, ...end };
    this.#release();
    if (isCancelled) this.#cancel?.();
    this.#feed.finish(error);
  }
}

/** Remembers the state and tells it, to `onstate` and as "state" events. What fits nowhere else is a "problem" event. */
class Teller extends EventTarget {
  state = "connecting";
  onstate = null;

  problem(problem) { this.dispatchEvent(new CustomEvent("problem", { detail: problem })); }

  tell(detail) {
    this.state = detail.state === "resumed" ? "open" : detail.state;
    this.onstate?.(detail);
    this.dispatchEvent(new CustomEvent("state", { detail }));
  }
}

class Gateway extends Teller {
  #options;
  #wire = null;
  #open = new Map();
  #cancelled = new Set();
  #sessions = new Set();
  #number = 0;
  #isStarted = false;

  constructor(options) {
    super();
    this.#options = options;
    this.onstate = options.onstate ?? null;
    this.transport = options.transport;
    options.signal?.addEventListener("abort", () => this.close(), { once: true });
    if (options.transport === "auto") this.transport = options.WebSocket ? "websocket" : fallback;
    queueMicrotask(() => this.#start());
  }

  /** The reply, or an array where there is not exactly one. */
  async request(service, body, options = {}) {
    const replies = [];
    try {
      for await (const reply of this.stream(service, body, options)) replies.push(reply);
    } catch (error) {
      if (error instanceof GatewayError && replies.length) error.replies = replies;
      throw error;
    }
    return replies.length === 1 && !(options.count > 1) ? replies[0] : replies;
  }

  stream(service, body, options = {}) { return this.#exchange(service, { body }, options); }

  /** What a publisher says on these topics: `{topic, body}` each, until the loop is left. */
  subscribe(service, topics, { as, ...options } = {}) {
    const read = (message) => ({ ...message, body: disclosed(message.body, as) });
    return this.#exchange(service, { topics: [topics].flat() }, options, read);
  }

  #exchange(service, request, options, read = (reply) => reply) {
    return new Stream(options, (hear) => {
      const id = (this.#number += 1).toString(36);
      const exchange = { id, service, ...request, options, hear, sent: 0, isHeard: false, isAsked: false };
      const { reply, finish, fail } = hear;
      exchange.finish = (end) => { this.#forget(exchange); finish(end); };
      exchange.fail = (error) => { this.#forget(exchange); fail(error); };
      exchange.reply = (body) => reply(read(body));
      if (this.state === "closed") fail(new GatewayError("closed", "This gateway was closed."));
      else this.#begin(exchange);
      return () => this.#cancel(exchange);
    });
  }

  session(service, options = {}) {
    const session = new Session(this.#options, service, options);
    this.#sessions.add(session);
    session.addEventListener("state", () => session.state === "closed" && this.#sessions.delete(session));
    return session;
  }

  /** What is open ends with the code `closed`. */
  close() {
    if (this.state === "closed") return;
    for (const session of [...this.#sessions]) session.close();
    for (const exchange of [...this.#open.values()]) {
      exchange.aborter?.abort();
      exchange.fail(new GatewayError("closed", "The gateway was closed here."));
    }
    this.#wire?.close();
    this.tell({ state: "closed" });
  }

  /** At once, but for a gateway that is only asked for sessions, which have sockets of their own. */
  #start() {
    if (this.state === "closed" || this.#isStarted || (this.#sessions.size && !this.#open.size)) return;
    this.#isStarted = true;
    if (this.transport !== "websocket") return this.tell({ state: "open", transport: this.transport });
    const url = address(this.#options.url, "v1/socket", true);
    this.#wire = new Wire(this.#options, { url, protocols: ["zmq-gateway.v1"], hello: true }, {
      state: (detail) => this.tell(detail), ready: () => this.#ready(), message: (message) => this.#take(message),
      resumed: () => this.#resumed(), gap: (missed) => this.#gap(missed), lost: (error) => this.#lost(error),
      blocked: (times) => times === 2 && this.#options.transport === "auto" && this.#fallBack(),
    });
    this.#wire.open();
  }

  #begin(exchange) {
    this.#open.set(exchange.id, exchange);
    this.#start();
    if (this.transport !== "websocket") return this.#fetch(exchange);
    if (this.#wire?.isReady) return this.#send(exchange);
    const wait = this.#options.wait_ms;
    const error = new GatewayError("unreachable", `The gateway could not be reached for ${wait} ms.`);
    exchange.timer = setTimeout(() => exchange.fail(error), wait);
  }

  #send(exchange) {
    const { id, service, body, topics, options } = exchange;
    clearTimeout(exchange.timer);
    exchange.sent += 1;
    const request = topics ? { op: "subscribe", topics } : { op: "request", body: enclosed(body, options.as) };
    this.#wire.send({ id, service, ...request, ...rulesOf(options) });
    this.#limit(exchange);
  }

  /** The gateway ends an exchange at its deadline. If its word does not come, the exchange ends here soon after. */
  #limit(exchange) {
    const time = inMilliseconds(exchange.options.deadline);
    if (time === null) return;
    const bound = Math.min(longestTimer, time + this.#options.grace_ms);
    exchange.timer = setTimeout(() => this.#expire(exchange), bound);
  }

  #expire(exchange) {
    const detail = `The deadline passed, and the gateway did not say so within ${this.#options.grace_ms} ms.`;
    this.#cancel(exchange);
    const problem = { status: 504, code: "deadline", title: "The time for the whole answer was over.", detail };
    exchange.finish({ reason: "deadline", ok: false, problem });
  }

  #fetch(exchange) {
    clearTimeout(exchange.timer);
    this.#limit(exchange);
    exchange.aborter = new AbortController();
    fetchReplies(this.#options, this.transport, exchange).catch((error) =>
      exchange.fail(error instanceof GatewayError ? error : new GatewayError("connection_lost", error.message)));
  }

  get #sent() { return [...this.#open.values()].filter(({ sent }) => sent > 0); }

  #forget(exchange) {
    clearTimeout(exchange.timer);
    this.#open.delete(exchange.id);
  }

  #cancel(exchange) {
    if (!this.#open.has(exchange.id)) return;
    this.#forget(exchange);
    exchange.aborter?.abort();
    if (exchange.sent === 0) return;
    this.#cancelled.add(exchange.id);
    this.#wire.send({ op: "cancel", id: exchange.id });
  }

  #take(message) {
    const exchange = this.#open.get(message.id);
    if (message.op === "end") this.#cancelled.delete(message.id);
    if (message.op === "error" && message.id === undefined) return this.problem(message.problem);
    if (!exchange) return void (message.op === "error" && this.#cancelled.delete(message.id));
    const wasAsked = exchange.isAsked;
    exchange.isAsked = false;
    if (message.op === "reply") {
      exchange.isHeard = true;
      exchange.reply(message.body);
    } else if (message.op === "end") {
      if (wasAsked && message.problem?.code === "unknown_service") this.#again(exchange);
      else exchange.finish(message);
    } else if (message.op === "error" && !wasAsked) {
      exchange.fail(problemError(message.problem));
    }
  }

  #ready() {
    for (const exchange of this.#open.values()) if (exchange.sent === 0) this.#send(exchange);
  }

  /** A request that was sent as the connection broke may never have arrived, and asking twice could do the work twice.
   *  So its id is asked for a service that nobody has: a duplicate id says that the request is there, an end of
   *  unknown_service that it is not; and that comes behind all that was kept for us, an end that we missed included. */
  #resumed() {
    for (const id of this.#cancelled) this.#wire.send({ op: "cancel", id });
    for (const exchange of this.#open.values()) {
      if (exchange.sent === 0 || exchange.isHeard) continue;
      exchange.isAsked = true;
      this.#wire.send({ op: "request", id: exchange.id, service: nobody, body: null });
    }
  }

  #again(exchange) {
    if (exchange.sent < 2) this.#send(exchange);
    else exchange.fail(new GatewayError("connection_lost", "The connection broke twice as the request was sent."));
  }

  #gap(missed) {
    for (const exchange of this.#sent) {
      this.#cancel(exchange);
      exchange.fail(new GatewayError("replies_lost", `The gateway could not keep ${missed} messages of the session.`));
    }
  }

  #lost({ code, message, reason }) {
    this.#cancelled.clear();
    for (const exchange of this.#sent) exchange.fail(new GatewayError(code, message, { reason }));
  }

  /** Twice no WebSocket, but does anybody answer at all? Only then is it the WebSocket that is in the way. */
  async #fallBack() {
    const { fetch, url } = this.#options;
    const health = fetch(address(url, "healthz"), { mode: "no-cors", cache: "no-store" });
    const isThere = await health.then(() => true, () => false);
    if (!isThere || this.#wire.isReady || this.state === "closed") return;
    this.#wire.close();
    this.transport = fallback;
    this.tell({ state: "open", transport: fallback });
    for (const exchange of this.#open.values()) this.#fetch(exchange);
  }
}

/** One identity: every send is a body, every message a reply. Its end is an error unless it was closed with 1000. */
class Session extends Teller {
  onmessage = null;
  missed = 0;
  #feed = new Feed();
  #queue = [];
  #wire;
  #as;
  #resume;

  constructor(connection, service, { resume = false, as = "json", signal, onstate, onmessage }) {
    super();
    Object.assign(this, { service, onstate: onstate ?? null, onmessage: onmessage ?? null });
    this.#as = as;
    this.#resume = resume;
    const path = `v1/services/${encodeURIComponent(service)}${resume ? "?resume=1" : ""}`;
    const url = address(connection.url, path, true);
    this.#wire = new Wire(connection, { url, protocols: [], hello: resume }, {
      state: (detail) => this.tell(detail), ready: () => this.#queue.splice(0).forEach((one) => this.#wire.send(one)),
      message: ({ op, body, problem }) => (op === "reply" ? this.#reply(disclosed(body, as)) : this.problem(problem)),
      raw: (data) => this.#take(data, connection.reviver),
      resumed: () => {}, gap: (missed) => { this.missed += missed; }, blocked: () => {},
      lost: (error) => this.#over(error.closeCode === 1000 ? null : error),
    });
    if (signal?.aborted) return void this.close();
    signal?.addEventListener("abort", () => this.close(), { once: true });
    queueMicrotask(() => this.state !== "closed" && this.#wire.open());
  }

  /** The request id, last number and time of resumption as the gateway told them. */
  get info() { return this.#wire.info; }

  [Symbol.asyncIterator]() {
    return { next: () => this.#feed.next(), return: async () => (this.close(), { done: true }) };
  }

  send(body) {
    if (this.state === "closed") throw new GatewayError("closed", "This session is closed.");
    const bare = this.#as === "json" ? JSON.stringify(body) : body;
    const message = this.#resume ? { op: "send", body: enclosed(body, this.#as) } : bare;
    if (this.#wire.isReady) this.#wire.send(message);
    else this.#queue.push(message);
  }

  close() { this.#over(null); }

  #take(data, reviver) {
    if (this.#as !== "json") return this.#reply(typeof data === "string" ? data : new Uint8Array(data));
    let body;
    try {
      body = JSON.parse(data, reviver);
    } catch {
      return this.#over(new GatewayError("protocol_error", 'A reply is not JSON; say as: "text" or "binary".'));
    }
    this.#reply(body);
  }

  #reply(body) {
    if (this.onmessage) this.onmessage({ type: "message", data: body });
    else this.#feed.push(body);
  }

  #over(error) {
    if (this.state === "closed") return;
    this.#feed.finish(error);
    this.#wire.close();
    this.tell({ state: "closed", error });
  }
}

/** One WebSocket after another, and the session that lives longer than each. A session with a hello can ask whether the
 *  connection lives: after `ping_ms` of silence, and at once when the network or the page is back.
 *
 *      idle -> opening -> (hello) -> ready -> waiting -> opening ...      any -> closed
 *                   \-> resuming -> resumed or refused -^                                                            */
class Wire {
  info = { request_id: null, resume_ms: 0, seq: 0, acked: 0, drops: 0 };
  #options;
  #kind;
  #hear;
  #socket = null;
  #phase = "idle";
  #token = null;
  #hello = null;
  #refusals = 0;
  #attempts = 0;
  #openedAt = 0;
  #goodbye = null;
  #isBidden = false;
  #heardAt = 0;
  #timers = {};
  #isEverOpen = false;
  #events = new AbortController();

  constructor(options, kind, hear) {
    this.#options = options;
    this.#kind = kind;
    this.#hear = hear;
    const { document } = globalThis;
    const { signal } = this.#events;
    globalThis.addEventListener?.("online", () => this.#hurry(true), { signal });
    document?.addEventListener(
      "visibilitychange", () => document.visibilityState === "visible" && this.#hurry(false), { signal });
  }

  get isReady() { return this.#phase === "ready"; }

  send(message) {
    if (this.#phase !== "ready") return;
    this.#socket.send(typeof message === "string" || ArrayBuffer.isView(message) ? message : JSON.stringify(message));
  }

  open() {
    this.#phase = "opening";
    this.#after("retry");
    if (!this.#isEverOpen) this.#hear.state({ state: "connecting" });
    let socket;
    try {
      socket = new this.#options.WebSocket(this.#kind.url, this.#kind.protocols);
    } catch (error) {
      return this.#broke({ code: 1006, reason: error.message });
    }
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    this.#after("hello", this.#options.hello_ms, () => this.#abandon("no hello came"));
    const mine = (act) => (event) => socket === this.#socket && act(event);
    socket.onopen = mine(() => this.#opened());
    socket.onmessage = mine(({ data }) => this.#receive(data));
    socket.onclose = mine((event) => this.#broke(event));
  }

  close() {
    this.#phase = "closed";
    this.#events.abort();
    for (const name of Object.keys(this.#timers)) this.#after(name);
    this.#release(1000);
  }

  #opened() {
    if (!this.#kind.hello) return this.#ready({ state: "open" });
    if (!this.#token) return;
    this.#phase = "resuming";
    this.#socket.send(JSON.stringify({ op: "resume", token: this.#token, seq: this.info.seq }));
  }

  #receive(data) {
    if (!this.#kind.hello) return this.#hear.raw(data);
    this.#heardAt = performance.now();
    this.#after("pong");
    let message = null;
    try {
      message = JSON.parse(data, this.#options.reviver);
    } catch { /* null says it */ }
    if (typeof message?.op !== "string") return this.#distrust("The gateway sent a message that is not one.");
    if (this.#isDuplicate(message)) return;
    if (message.op === "hello") this.#greeted(message);
    else if (message.op === "resumed") this.#resume(message);
    else if (message.op === "goodbye") this.#goodbye = message.retry_ms;
    else if (message.op === "pong") return;
    else if (message.op === "error" && message.id === undefined && this.#phase === "resuming") this.#refused(message);
    else this.#hear.message(message);
  }

  #isDuplicate({ seq, op }) {
    if (typeof seq !== "number" || op === "resumed") return false;
    const missed = seq - this.info.seq - 1;
    if (missed < 0) return true;
    if (missed > 0) this.#hear.gap(missed);
    this.info.seq = seq;
    if (!this.#token) return false;
    if (seq - this.info.acked >= acksAfter) this.#ack();
    else this.#timers.ack ??= setTimeout(() => this.#ack(), ackInterval);
    return false;
  }

  #ack() {
    this.#after("ack");
    if (!this.isReady || this.info.acked === this.info.seq) return;
    this.info.acked = this.info.seq;
    this.send({ op: "ack", seq: this.info.seq });
  }

  #greeted(message) {
    if (this.#phase === "resuming") this.#hello = message;
    else this.#adopt(message, 0, { state: "open" });
  }

  #resume(message) {
    const missed = message.missed ?? 0;
    if (missed > 0) this.#hear.gap(missed);
    this.#adopt(message, message.seq, { state: "resumed", missed }, () => this.#hear.resumed());
  }

  #refused({ problem }) {
    const why = problem?.detail ?? problem?.code;
    this.#forgetSession(new GatewayError("connection_lost", `The session could not be resumed: ${why}.`));
    if (this.#phase === "resuming") this.#adopt(this.#hello ?? {}, 0, { state: "open" });
  }

  #adopt({ request_id, token, resume_ms }, seq, state, before) {
    this.#token = token ?? null;
    Object.assign(this.info, { request_id: request_id ?? null, resume_ms: resume_ms ?? 0, seq, acked: seq });
    this.#ready(state, before);
  }

  #ready(state, before) {
    this.#after("hello");
    this.#after("expiry");
    this.#phase = "ready";
    this.#openedAt = performance.now();
    this.#isEverOpen = true;
    this.#watch();
    this.#hear.state({ ...state, transport: "websocket" });
    before?.();
    this.#hear.ready();
  }

  /** After each silence of `ping_ms` a ping; the timer is set by the silence and not by each message. */
  #watch() {
    if (!this.#kind.hello) return;
    const left = this.#heardAt + this.#options.ping_ms - performance.now();
    if (left <= 0) this.#ask();
    this.#after("ping", left > 0 ? left : this.#options.ping_ms, () => this.#watch());
  }

  /** Anything at all that comes is an answer. A timer that is late tells of a page that slept and has not read yet what
   *  came meanwhile: it asks once more. */
  #ask(isAgain = false) {
    if (!this.#kind.hello || this.#timers.pong) return;
    const { pong_ms: patience } = this.#options;
    const due = performance.now() + patience;
    this.send({ op: "ping" });
    this.#after("pong", patience, () => {
      if (!isAgain && performance.now() > due + patience) return this.#ask(true);
      this.#abandon(`nothing came for ${patience} ms after a ping`);
    });
  }

  /** The network is back (online), or the page is: no wait, and no trust in what was open or on its way before. */
  #hurry(isOnline) {
    if (this.#phase === "ready") return this.#ask();
    if (this.#phase === "waiting" && !this.#isBidden) this.#attempts = 0;
    else if (isOnline && this.#phase === "opening" && this.#socket?.readyState === 0) this.#release(4000);
    else return;
    this.open();
  }

  #forgetSession(error) {
    this.#token = null;
    this.#after("expiry");
    Object.assign(this.info, { request_id: null, seq: 0, acked: 0 });
    this.#hear.lost(error);
  }

  #distrust(message) {
    this.#forgetSession(new GatewayError("protocol_error", message));
    if (this.#phase !== "closed") this.#abandon(message);
  }

  /** Does not wait for the closing handshake of a peer that may be gone. */
  #abandon(reason) {
    this.#release(4000);
    this.#broke({ code: 1006, reason });
  }

  #release(code) {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }

  #broke({ code, reason }) {
    const wasReady = this.#phase === "ready";
    this.#socket = null;
    this.#phase = "waiting";
    for (const name of ["hello", "ack", "ping", "pong"]) this.#after(name);
    this.info.drops += wasReady ? 1 : 0;
    const error = new GatewayError("connection_lost", `The connection was lost (${code} ${reason || "without a word"}).`);
    Object.assign(error, { reason: reason || null, closeCode: code });
    if (!this.#token) this.#forgetSession(error);
    else if (wasReady) this.#timers.expiry ??= setTimeout(() => this.#forgetSession(error), this.info.resume_ms);
    if (!this.#isEverOpen) this.#hear.blocked(this.#refusals += 1);
    if (this.#phase === "waiting") this.#retry();
  }

  #retry() {
    if (this.#openedAt && performance.now() - this.#openedAt > longLived) this.#attempts = 0;
    this.#openedAt = 0;
    const { retry_ms: base, max_retry_ms: most } = this.#options;
    const wait = this.#goodbye ?? Math.round(Math.random() * Math.min(most, base * 2 ** this.#attempts));
    this.#attempts += 1;
    this.#isBidden = this.#goodbye !== null;
    this.#goodbye = null;
    this.#hear.state({ state: "reconnecting", retry_ms: wait });
    this.#after("retry", wait, () => this.open());
  }

  /** Sets the timer of this name, or only clears it. */
  #after(name, wait, act) {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = act ? setTimeout(() => { this.#timers[name] = undefined; act(); }, wait) : undefined;
  }
}

function address(base, path, isSocket = false) {
  const url = new URL(path, base.endsWith("/") ? base : `${base}/`);
  url.protocol = url.protocol.replace(/^(http|ws)/, isSocket ? "ws" : "http");
  return url.href;
}

/** One exchange by fetch, told to `exchange` as the socket tells it. */
async function fetchReplies({ url, fetch, reviver }, how, exchange) {
  const { service, body, topics, options: { as = "json", ...options }, aborter: { signal } } = exchange;
  const rules = { ...rulesOf(options), end: how === "ndjson" ? "record" : undefined };
  const query = new URLSearchParams(Object.entries(rules).filter(([, value]) => value !== undefined));
  for (const topic of topics ?? []) query.append("topic", topic);
  const Accept = how === "sse" ? "text/event-stream" : "application/x-ndjson";
  const types = { json: "application/json", text: "text/plain; charset=utf-8", binary: "application/octet-stream" };
  const response = await fetch(`${address(url, `v1/services/${encodeURIComponent(service)}`)}?${query}`, {
    ...(topics ? { headers: { Accept } } : {
      method: "POST", body: as === "json" ? JSON.stringify(body) : body, headers: { Accept, "Content-Type": types[as] } }),
    signal, cache: "no-store", redirect: "error",
  });
  const parse = (text) => JSON.parse(text, reviver);
  if (!response.ok || !/ndjson|event-stream/.test(response.headers.get("content-type"))) {
    const problem = await response.text().then(parse).catch(() => ({ title: response.statusText }));
    throw problemError({ status: response.status, ...problem }, response.headers.get("x-exchange-end"));
  }
  const read = how === "sse" ? readEvents : readNDJSON;
  const end = await read(response, { reply: (text) => exchange.reply(parse(text)) }, parse);
  if (!end) throw new GatewayError("connection_lost", "The replies stopped without an end record.");
  exchange.finish(end);
}

// The functions below are exported for the gateway's console. They are not part of the module's interface.

/** Encodes bytes of any length. `String.fromCharCode` takes only some ten thousand arguments, hence the blocks. */
export function toBase64(bytes) {
  const all = new Uint8Array(bytes);
  const block = 0x8000;
  let text = "";
  for (let at = 0; at < all.length; at += block) text += String.fromCharCode(...all.subarray(at, at + block));
  return btoa(text);
}

/** Passes each line of an NDJSON response to `reply`; resolves to the end record, or to null if there is none.
 *
 *  After the end record of an incomplete exchange the gateway breaks the connection off, so an error that follows the
 *  record is ignored. A browser may drop the record together with the connection; then the error is thrown. */
export async function readNDJSON(response, { reply }, parse = JSON.parse) {
  let last = null;
  try {
    for await (const line of linesOf(response, /\r?\n/)) {
      if (line === "") continue;
      if (last) reply(last.line);
      const end = endRecordIn(line, parse);
      last = end && { line, end };
      if (!end) reply(line);
    }
  } catch (error) {
    if (!last) throw error;
  }
  return last?.end ?? null;
}

/** The end record in `{"$end":{...}}`, or null if the line is a reply. */
function endRecordIn(line, parse) {
  if (!line.startsWith('{"$end":')) return null;
  const record = parse(line);
  return Object.keys(record).length === 1 && record.$end?.reason ? record.$end : null;
}

/** Passes the events of a response of Server-Sent Events on (HTML Standard, section 9.2.6), and the data of each
 *  `problem` event to `problem`; resolves to the end record, or to null if there is none. */
export async function readEvents(response, { reply, problem = () => {} }, parse = JSON.parse) {
  let event = "";
  let data = [];
  for await (const line of linesOf(response, /\r\n|\n|\r/)) {
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
    if (line !== "") continue;
    const text = data.join("\n");
    if (event === "end") return parse(text);
    if (data.length) (event === "problem" ? problem : reply)(text);
    event = "";
    data = [];
  }
  return null;
}

async function* linesOf(response, lineEnd) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let held = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const text = held + decoder.decode(value, { stream: true });
      // A CR at the end may be the first half of a CRLF.
      held = text.endsWith("\r") ? "\r" : "";
      const lines = text.slice(0, text.length - held.length).split(lineEnd);
      lines[0] = rest + lines[0];
      rest = lines.pop();
      yield* lines;
    }
    if (rest !== "") yield rest;
  } finally {
    reader.cancel().catch(() => {});
  }
}
