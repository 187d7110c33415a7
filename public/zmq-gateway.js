// The zmq-gateway client for browsers and Node.js: requests with any number of replies, over one WebSocket that is
// opened again when it breaks.
//
//   const gateway = connect();
//   await gateway.request("echo", { hello: 1 });
//   for await (const reply of gateway.stream("ticker", { count: 5 })) show(reply);
//
//   Gateway          the open exchanges, by id
//   Stream           the replies of one exchange, as an async iterator
//   Session          a raw conversation with one service
//   ResumableSocket  one WebSocket after another: hello, resume, acknowledgements
//
// After a lost connection the client reconnects with exponential backoff and full jitter, and resumes the session if
// the gateway allows it. A silent connection is pinged, and dropped if no answer arrives. Nothing is lost silently:
// what cannot be resumed fails with `connection_lost`, what the gateway had to drop fails with `replies_lost`.
// This is one file without dependencies, so that you can copy it anywhere.

const defaults = {
  url: globalThis.location?.origin, transport: "auto",
  retry_ms: 250, max_retry_ms: 15_000, hello_ms: 10_000, wait_ms: 15_000,
  ping_ms: 20_000, pong_ms: 5_000, grace_ms: 2_000,
  fetch: (...args) => globalThis.fetch(...args), WebSocket: globalThis.WebSocket,
};
const acksAfter = 32;
const ackInterval = 250;
const longLived = 5_000;
const longestTimer = 2 ** 31 - 1;  // setTimeout fires at once if the delay is longer
const noService = "?";  // not a valid service name; see Gateway's #resumed()
// Not NDJSON: after the end record of an incomplete response the gateway breaks the connection off, so that curl fails.
// Chromium then drops the data that it has not delivered yet: 30 of 40 end records, compared with 0 of 40 by SSE.
const fallback = "sse";
const partialReasons = ["idle", "deadline", "limit"];

export const connect = (options = {}) => new Gateway({ ...defaults, ...options });

/** `code` is the problem's code, or connection_lost, replies_lost, unreachable, protocol_error or closed. */
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
/** null if there is no time, or one that the gateway will reject. */
const inMilliseconds = (time) => {
  const [, count, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(milliseconds(time ?? "")) ?? [];
  return unit ? count * units[unit] : null;
};
const rulesOf = ({ deadline, idle, count, partial }) => ({
  deadline: milliseconds(deadline), idle: milliseconds(idle), count, partial: partial ? "ok" : undefined,
});
const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
/** Bodies inside a JSON message: bytes as base64, everything else unchanged. */
const encoded = (body, as) => (as === "binary" ? toBase64(body) : body);
const decoded = (body, as) => (as === "binary" ? fromBase64(body) : body);

/** Values that were pushed and not read yet. It ends once; with an error, reading fails after the last value. */
class AsyncQueue {
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

/** The replies of one exchange. Leaving the loop or aborting the signal cancels it. `end` becomes the end record. */
class Stream {
  end = null;
  #replies = new AsyncQueue();
  #count = 0;
  #options;
  #cancel;
  #release = () => {};

  /** `begin(sink)` starts the exchange, reports to `sink`, and returns a function that cancels the exchange. */
  constructor(options, begin) {
    this.#options = options;
    const { signal } = options;
    const abort = () => this.#finish({ reason: "cancelled", ok: true }, signal.reason, true);
    if (signal?.aborted) return abort();
    signal?.addEventListener("abort", abort, { once: true });
    this.#release = () => signal?.removeEventListener("abort", abort);
    this.#cancel = begin({
      reply: (body) => { this.#count += 1; this.#replies.push(decoded(body, options.as)); },
      finish: (end) => this.#finish(end, this.#isSuccess(end) ? null : problemError(end.problem, end.reason)),
      fail: (error) => this.#finish({ reason: error.code, ok: false, problem: error.problem ?? undefined }, error),
    });
  }

  next() { return this.#replies.next(); }
  [Symbol.asyncIterator]() { return this; }

  async return(value) {
    this.#finish({ reason: "cancelled", ok: true }, null, true);
    this.#replies.forget();
    return { value, done: true };
  }

  #isSuccess(end) {
    return end.ok || (this.#options.partial && partialReasons.includes(end.reason));
  }

  #finish(end, error, isCancelled = false) {
    if (this.end) return;
    this.end = { replies: this.#count, ...end };
    this.#release();
    if (isCancelled) this.#cancel?.();
    this.#replies.finish(error);
  }
}

/** Reports changes of its state, to `onstate` and as "state" events, and problems that belong to no exchange. */
class StateTarget extends EventTarget {
  state = "connecting";
  onstate = null;

  reportProblem(problem) { this.dispatchEvent(new CustomEvent("problem", { detail: problem })); }

  setState(detail) {
    this.state = detail.state === "resumed" ? "open" : detail.state;
    this.onstate?.(detail);
    this.dispatchEvent(new CustomEvent("state", { detail }));
  }
}

class Gateway extends StateTarget {
  #options;
  #connection = null;
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

  /** Resolves to the reply, or to an array unless there is exactly one. */
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

  /** Streams a publisher's messages on these topics, as `{topic, body}`, until you leave the loop. */
  subscribe(service, topics, { as, ...options } = {}) {
    const read = (message) => ({ ...message, body: decoded(message.body, as) });
    return this.#exchange(service, { topics: [topics].flat() }, options, read);
  }

  #exchange(service, request, options, read = (reply) => reply) {
    return new Stream(options, (sink) => {
      const id = (this.#number += 1).toString(36);
      const exchange = { id, service, ...request, options, sent: 0, hasReply: false, isProbed: false };
      const { reply, finish, fail } = sink;
      exchange.finish = (end) => { this.#forget(exchange); finish(end); };
      exchange.fail = (error) => { this.#forget(exchange); fail(error); };
      exchange.reply = (body) => reply(read(body));
      if (this.state === "closed") fail(new GatewayError("closed", "This gateway is closed. Call connect() again."));
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

  /** Open exchanges fail with `closed`. */
  close() {
    if (this.state === "closed") return;
    for (const session of [...this.#sessions]) session.close();
    for (const exchange of [...this.#open.values()]) {
      exchange.aborter?.abort();
      exchange.fail(new GatewayError("closed", "close() was called on this gateway."));
    }
    this.#connection?.close();
    this.setState({ state: "closed" });
  }

  /** Connects, unless the page has only opened sessions so far: those have WebSockets of their own. */
  #start() {
    if (this.state === "closed" || this.#isStarted || (this.#sessions.size && !this.#open.size)) return;
    this.#isStarted = true;
    if (this.transport !== "websocket") return this.setState({ state: "open", transport: this.transport });
    const url = address(this.#options.url, "v1/socket", true);
    this.#connection = new ResumableSocket(this.#options, { url, protocols: ["zmq-gateway.v1"], hello: true }, {
      state: (detail) => this.setState(detail), ready: () => this.#ready(),
      message: (message) => this.#receive(message),
      resumed: () => this.#resumed(), gap: (missed) => this.#gap(missed), lost: (error) => this.#lost(error),
      blocked: (times) => times === 2 && this.#options.transport === "auto" && this.#fallBack(),
    });
    this.#connection.open();
  }

  #begin(exchange) {
    this.#open.set(exchange.id, exchange);
    this.#start();
    if (this.transport !== "websocket") return this.#fetch(exchange);
    if (this.#connection?.isReady) return this.#send(exchange);
    const wait = this.#options.wait_ms;
    const error = new GatewayError("unreachable", `No connection to the gateway for ${wait} ms. Nothing was sent.`);
    exchange.timer = setTimeout(() => exchange.fail(error), wait);
  }

  #send(exchange) {
    const { id, service, body, topics, options } = exchange;
    clearTimeout(exchange.timer);
    exchange.sent += 1;
    const request = topics ? { op: "subscribe", topics } : { op: "request", body: encoded(body, options.as) };
    this.#connection.send({ id, service, ...request, ...rulesOf(options) });
    this.#limit(exchange);
  }

  /** The gateway ends an exchange at its deadline. If no end record arrives, the exchange ends here a little later. */
  #limit(exchange) {
    const time = inMilliseconds(exchange.options.deadline);
    if (time === null) return;
    const bound = Math.min(longestTimer, time + this.#options.grace_ms);
    exchange.timer = setTimeout(() => this.#expire(exchange), bound);
  }

  #expire(exchange) {
    const detail = `The deadline passed, and no end record arrived within another ${this.#options.grace_ms} ms.`;
    this.#cancel(exchange);
    const problem = { status: 504, code: "deadline", title: "The deadline passed.", detail };
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
    this.#connection.send({ op: "cancel", id: exchange.id });
  }

  #receive(message) {
    const exchange = this.#open.get(message.id);
    if (message.op === "end") this.#cancelled.delete(message.id);
    if (message.op === "error" && message.id === undefined) return this.reportProblem(message.problem);
    if (!exchange) return void (message.op === "error" && this.#cancelled.delete(message.id));
    const wasProbed = exchange.isProbed;
    exchange.isProbed = false;
    if (message.op === "reply") {
      exchange.hasReply = true;
      exchange.reply(message.body);
    } else if (message.op === "end") {
      if (wasProbed && message.problem?.code === "unknown_service") this.#sendAgain(exchange);
      else exchange.finish(message);
    } else if (message.op === "error" && !wasProbed) {
      exchange.fail(problemError(message.problem));
    }
  }

  #ready() {
    for (const exchange of this.#open.values()) if (exchange.sent === 0) this.#send(exchange);
  }

  /** A request that was sent just before the connection was lost may not have arrived, and sending it again could do
   *  the work twice. So we first send its id with a service that does not exist. A `duplicate_id` error means that the
   *  request arrived; an end of `unknown_service` means that it did not. The gateway sends everything that we missed,
   *  including an end, before it answers. */
  #resumed() {
    for (const id of this.#cancelled) this.#connection.send({ op: "cancel", id });
    for (const exchange of this.#open.values()) {
      if (exchange.sent === 0 || exchange.hasReply) continue;
      exchange.isProbed = true;
      this.#connection.send({ op: "request", id: exchange.id, service: noService, body: null });
    }
  }

  #sendAgain(exchange) {
    if (exchange.sent < 2) this.#send(exchange);
    else exchange.fail(new GatewayError("connection_lost", "The connection was lost twice during the request."));
  }

  #gap(missed) {
    for (const exchange of this.#sent) {
      this.#cancel(exchange);
      exchange.fail(new GatewayError("replies_lost", `The gateway dropped ${missed} messages of this session.`));
    }
  }

  #lost({ code, message, reason }) {
    this.#cancelled.clear();
    for (const exchange of this.#sent) exchange.fail(new GatewayError(code, message, { reason }));
  }

  /** Two WebSockets failed. If the gateway answers HTTP, something on the way blocks WebSockets: use fetch instead. */
  async #fallBack() {
    const { fetch, url } = this.#options;
    const health = fetch(address(url, "healthz"), { mode: "no-cors", cache: "no-store" });
    const isThere = await health.then(() => true, () => false);
    if (!isThere || this.#connection.isReady || this.state === "closed") return;
    this.#connection.close();
    this.transport = fallback;
    this.setState({ state: "open", transport: fallback });
    for (const exchange of this.#open.values()) this.#fetch(exchange);
  }
}

/** One identity towards the worker: each `send` is a request, each message a reply. Any end is an error except a close
 *  with 1000. */
class Session extends StateTarget {
  onmessage = null;
  missed = 0;
  #replies = new AsyncQueue();
  #unsent = [];
  #connection;
  #as;
  #resume;

  constructor(connection, service, { resume = false, as = "json", signal, onstate, onmessage }) {
    super();
    Object.assign(this, { service, onstate: onstate ?? null, onmessage: onmessage ?? null });
    this.#as = as;
    this.#resume = resume;
    const path = `v1/services/${encodeURIComponent(service)}${resume ? "?resume=1" : ""}`;
    const url = address(connection.url, path, true);
    this.#connection = new ResumableSocket(connection, { url, protocols: [], hello: resume }, {
      state: (detail) => this.setState(detail),
      ready: () => this.#unsent.splice(0).forEach((one) => this.#connection.send(one)),
      message: ({ op, body, problem }) =>
        (op === "reply" ? this.#reply(decoded(body, as)) : this.reportProblem(problem)),
      raw: (data) => this.#receive(data, connection.reviver),
      resumed: () => {}, gap: (missed) => { this.missed += missed; }, blocked: () => {},
      lost: (error) => this.#finish(error.closeCode === 1000 ? null : error),
    });
    if (signal?.aborted) return void this.close();
    signal?.addEventListener("abort", () => this.close(), { once: true });
    queueMicrotask(() => this.state !== "closed" && this.#connection.open());
  }

  /** `{request_id, resume_ms, seq, acked, drops}`: what the gateway announced, and the progress of the session. */
  get info() { return this.#connection.info; }

  [Symbol.asyncIterator]() {
    return { next: () => this.#replies.next(), return: async () => (this.close(), { done: true }) };
  }

  send(body) {
    if (this.state === "closed") throw new GatewayError("closed", "This session is closed.");
    const bare = this.#as === "json" ? JSON.stringify(body) : body;
    const message = this.#resume ? { op: "send", body: encoded(body, this.#as) } : bare;
    if (this.#connection.isReady) this.#connection.send(message);
    else this.#unsent.push(message);
  }

  close() { this.#finish(null); }

  #receive(data, reviver) {
    if (this.#as !== "json") return this.#reply(typeof data === "string" ? data : new Uint8Array(data));
    let body;
    try {
      body = JSON.parse(data, reviver);
    } catch {
      const message = 'A reply is not JSON. Open the session with as: "text" or as: "binary".';
      return this.#finish(new GatewayError("protocol_error", message));
    }
    this.#reply(body);
  }

  #reply(body) {
    if (this.onmessage) this.onmessage({ type: "message", data: body });
    else this.#replies.push(body);
  }

  #finish(error) {
    if (this.state === "closed") return;
    this.#replies.finish(error);
    this.#connection.close();
    this.setState({ state: "closed", error });
  }
}

/** One WebSocket after another, and the session that outlives each of them. A session with a hello pings the gateway
 *  after `ping_ms` of silence, and at once when the network or the page is back.
 *
 *      idle -> opening -> (hello) -> ready -> waiting -> opening ...      any -> closed
 *                   \-> resuming -> resumed or refused -^                                                            */
class ResumableSocket {
  info = { request_id: null, resume_ms: 0, seq: 0, acked: 0, drops: 0 };
  #options;
  #kind;
  #handlers;
  #socket = null;
  #phase = "idle";
  #token = null;
  #hello = null;
  #refusals = 0;
  #attempts = 0;
  #openedAt = 0;
  #retryAfter = null;
  #isWaitFixed = false;
  #receivedAt = 0;
  #timers = {};
  #isEverOpen = false;
  #events = new AbortController();

  constructor(options, kind, handlers) {
    this.#options = options;
    this.#kind = kind;
    this.#handlers = handlers;
    const { document } = globalThis;
    const { signal } = this.#events;
    globalThis.addEventListener?.("online", () => this.#recheck(true), { signal });
    document?.addEventListener(
      "visibilitychange", () => document.visibilityState === "visible" && this.#recheck(false), { signal });
  }

  get isReady() { return this.#phase === "ready"; }

  send(message) {
    if (this.#phase !== "ready") return;
    this.#socket.send(typeof message === "string" || ArrayBuffer.isView(message) ? message : JSON.stringify(message));
  }

  open() {
    this.#phase = "opening";
    this.#setTimer("retry");
    if (!this.#isEverOpen) this.#handlers.state({ state: "connecting" });
    let socket;
    try {
      socket = new this.#options.WebSocket(this.#kind.url, this.#kind.protocols);
    } catch (error) {
      return this.#disconnected({ code: 1006, reason: error.message });
    }
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    this.#setTimer("hello", this.#options.hello_ms, () => this.#giveUp("no hello arrived"));
    const mine = (act) => (event) => socket === this.#socket && act(event);
    socket.onopen = mine(() => this.#opened());
    socket.onmessage = mine(({ data }) => this.#receive(data));
    socket.onclose = mine((event) => this.#disconnected(event));
  }

  close() {
    this.#phase = "closed";
    this.#events.abort();
    for (const name of Object.keys(this.#timers)) this.#setTimer(name);
    this.#detach(1000);
  }

  #opened() {
    if (!this.#kind.hello) return this.#ready({ state: "open" });
    if (!this.#token) return;
    this.#phase = "resuming";
    this.#socket.send(JSON.stringify({ op: "resume", token: this.#token, seq: this.info.seq }));
  }

  #receive(data) {
    if (!this.#kind.hello) return this.#handlers.raw(data);
    this.#receivedAt = performance.now();
    this.#setTimer("pong");
    let message = null;
    try {
      message = JSON.parse(data, this.#options.reviver);
    } catch { /* handled as null below */ }
    if (typeof message?.op !== "string") return this.#protocolError("The gateway sent a malformed message.");
    if (this.#isDuplicate(message)) return;
    if (message.op === "hello") this.#receivedHello(message);
    else if (message.op === "resumed") this.#receivedResumed(message);
    else if (message.op === "goodbye") this.#retryAfter = message.retry_ms;
    else if (message.op === "pong") return;
    else if (this.#phase === "resuming" && message.op === "error" && message.id === undefined) {
      this.#receivedRefusal(message);
    } else this.#handlers.message(message);
  }

  #isDuplicate({ seq, op }) {
    if (typeof seq !== "number" || op === "resumed") return false;
    const missed = seq - this.info.seq - 1;
    if (missed < 0) return true;
    if (missed > 0) this.#handlers.gap(missed);
    this.info.seq = seq;
    if (!this.#token) return false;
    if (seq - this.info.acked >= acksAfter) this.#ack();
    else this.#timers.ack ??= setTimeout(() => this.#ack(), ackInterval);
    return false;
  }

  #ack() {
    this.#setTimer("ack");
    if (!this.isReady || this.info.acked === this.info.seq) return;
    this.info.acked = this.info.seq;
    this.send({ op: "ack", seq: this.info.seq });
  }

  #receivedHello(message) {
    if (this.#phase === "resuming") this.#hello = message;
    else this.#startSession(message, 0, { state: "open" });
  }

  #receivedResumed(message) {
    const missed = message.missed ?? 0;
    if (missed > 0) this.#handlers.gap(missed);
    this.#startSession(message, message.seq, { state: "resumed", missed }, () => this.#handlers.resumed());
  }

  #receivedRefusal({ problem }) {
    const why = problem?.detail ?? problem?.code;
    this.#dropSession(new GatewayError("connection_lost", `The session could not be resumed: ${why}.`));
    if (this.#phase === "resuming") this.#startSession(this.#hello ?? {}, 0, { state: "open" });
  }

  #startSession({ request_id, token, resume_ms }, seq, state, before) {
    this.#token = token ?? null;
    Object.assign(this.info, { request_id: request_id ?? null, resume_ms: resume_ms ?? 0, seq, acked: seq });
    this.#ready(state, before);
  }

  #ready(state, before) {
    this.#setTimer("hello");
    this.#setTimer("expiry");
    this.#phase = "ready";
    this.#openedAt = performance.now();
    this.#isEverOpen = true;
    this.#watchForSilence();
    this.#handlers.state({ ...state, transport: "websocket" });
    before?.();
    this.#handlers.ready();
  }

  /** Pings after `ping_ms` of silence. The timer is not set again for each message. */
  #watchForSilence() {
    if (!this.#kind.hello) return;
    const left = this.#receivedAt + this.#options.ping_ms - performance.now();
    if (left <= 0) this.#ping();
    this.#setTimer("ping", left > 0 ? left : this.#options.ping_ms, () => this.#watchForSilence());
  }

  /** Any message counts as an answer. If the timer fires late, the page was asleep and has not read what arrived
   *  meanwhile: then ping once more. */
  #ping(isAgain = false) {
    if (!this.#kind.hello || this.#timers.pong) return;
    const { pong_ms: wait } = this.#options;
    const due = performance.now() + wait;
    this.send({ op: "ping" });
    this.#setTimer("pong", wait, () => {
      if (!isAgain && performance.now() > due + wait) return this.#ping(true);
      this.#giveUp(`no answer to a ping within ${wait} ms`);
    });
  }

  /** The network or the page is back: check an open connection, and do not wait to open a new one. */
  #recheck(isOnline) {
    if (this.#phase === "ready") return this.#ping();
    if (this.#phase === "waiting" && !this.#isWaitFixed) this.#attempts = 0;
    else if (isOnline && this.#phase === "opening" && this.#socket?.readyState === 0) this.#detach(4000);
    else return;
    this.open();
  }

  #dropSession(error) {
    this.#token = null;
    this.#setTimer("expiry");
    Object.assign(this.info, { request_id: null, seq: 0, acked: 0 });
    this.#handlers.lost(error);
  }

  #protocolError(message) {
    this.#dropSession(new GatewayError("protocol_error", message));
    if (this.#phase !== "closed") this.#giveUp(message);
  }

  /** Closes without waiting for the closing handshake, because the peer may be gone. */
  #giveUp(reason) {
    this.#detach(4000);
    this.#disconnected({ code: 1006, reason });
  }

  #detach(code) {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }

  #disconnected({ code, reason }) {
    const wasReady = this.#phase === "ready";
    this.#socket = null;
    this.#phase = "waiting";
    for (const name of ["hello", "ack", "ping", "pong"]) this.#setTimer(name);
    this.info.drops += wasReady ? 1 : 0;
    const cause = reason ? `${code} ${reason}` : code;
    const error = new GatewayError("connection_lost", `The connection was lost (${cause}).`);
    Object.assign(error, { reason: reason || null, closeCode: code });
    if (!this.#token) this.#dropSession(error);
    else if (wasReady) this.#timers.expiry ??= setTimeout(() => this.#dropSession(error), this.info.resume_ms);
    if (!this.#isEverOpen) this.#handlers.blocked(this.#refusals += 1);
    if (this.#phase === "waiting") this.#retry();
  }

  #retry() {
    if (this.#openedAt && performance.now() - this.#openedAt > longLived) this.#attempts = 0;
    this.#openedAt = 0;
    const { retry_ms: base, max_retry_ms: most } = this.#options;
    const wait = this.#retryAfter ?? Math.round(Math.random() * Math.min(most, base * 2 ** this.#attempts));
    this.#attempts += 1;
    this.#isWaitFixed = this.#retryAfter !== null;
    this.#retryAfter = null;
    this.#handlers.state({ state: "reconnecting", retry_ms: wait });
    this.#setTimer("retry", wait, () => this.open());
  }

  /** Sets the timer of this name; without `act`, only clears it. */
  #setTimer(name, wait, act) {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = act ? setTimeout(() => { this.#timers[name] = undefined; act(); }, wait) : undefined;
  }
}

function address(base, path, isSocket = false) {
  const url = new URL(path, base.endsWith("/") ? base : `${base}/`);
  url.protocol = url.protocol.replace(/^(http|ws)/, isSocket ? "ws" : "http");
  return url.href;
}

/** Runs one exchange by fetch, and calls the same functions of `exchange` as the WebSocket does. */
async function fetchReplies({ url, fetch, reviver }, how, exchange) {
  const { service, body, topics, options: { as = "json", ...options }, aborter: { signal } } = exchange;
  const rules = { ...rulesOf(options), end: how === "ndjson" ? "record" : undefined };
  const query = new URLSearchParams(Object.entries(rules).filter(([, value]) => value !== undefined));
  for (const topic of topics ?? []) query.append("topic", topic);
  const Accept = how === "sse" ? "text/event-stream" : "application/x-ndjson";
  const types = { json: "application/json", text: "text/plain; charset=utf-8", binary: "application/octet-stream" };
  const response = await fetch(`${address(url, `v1/services/${encodeURIComponent(service)}`)}?${query}`, {
    ...(topics ? { headers: { Accept } } : {
      method: "POST", body: as === "json" ? JSON.stringify(body) : body,
      headers: { Accept, "Content-Type": types[as] } }),
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
