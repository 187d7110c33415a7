/** The zmq-gateway client: requests with any number of replies, over one WebSocket that reconnects, or by fetch. */

export type Transport = "auto" | "websocket" | "ndjson" | "sse";
export type State = "connecting" | "open" | "reconnecting" | "resumed" | "closed";
/** The service's `body`: `json` (default) is any JSON value, `text` a string, `binary` a Uint8Array. */
export type Kind = "json" | "text" | "binary";

export interface ConnectOptions {
  /** An http(s) or ws(s) URL, with a path if the gateway is below one. Default: the page's origin. */
  url?: string;
  /** `auto` (default): WebSocket, or SSE by fetch if a WebSocket fails to open twice although the gateway answers.
   *  With `ndjson`, a browser may lose the end record of an incomplete response; the code is then `connection_lost`. */
  transport?: Transport;
  /** Aborting it closes the gateway. */
  signal?: AbortSignal;
  onstate?: (detail: StateDetail) => void;
  /** Upper bound of the first, random wait before a reconnection; it doubles with each attempt. Default 250. */
  retry_ms?: number;
  /** Upper bound of all waits. Default 15,000. A time in the gateway's `goodbye` takes precedence. */
  max_retry_ms?: number;
  /** How long to wait for the gateway's hello. Default 10,000. */
  hello_ms?: number;
  /** How long a request waits for a connection before it fails with `unreachable`. Default 15,000. */
  wait_ms?: number;
  /** The silence after which the client pings the gateway. Default 20,000. */
  ping_ms?: number;
  /** How long to wait for an answer to a ping before reconnecting. Default 5,000. */
  pong_ms?: number;
  /** How long after its deadline the client ends an exchange that the gateway has not ended. Default 2,000. */
  grace_ms?: number;
  /** A reviver for JSON.parse, applied to everything received; for example, to keep numbers above 2^53. */
  reviver?: (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;
  /** The WebSocket class to use, for Node.js before 22 and for tests. */
  WebSocket?: new (url: string, protocols?: string[]) => WebSocket;
  fetch?: typeof fetch;
}

export interface StateDetail {
  state: State;
  transport?: "websocket" | "ndjson" | "sse";
  /** With `reconnecting`: the wait before the next attempt. */
  retry_ms?: number;
  /** With `resumed`: the number of messages that were lost. */
  missed?: number;
  /** With `closed`, for a session: the cause, or null. */
  error?: GatewayError | null;
}

/** An RFC 9457 problem, with the gateway's stable `code`. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  code?: string;
  detail?: string;
  replies?: unknown[];
  [member: string]: unknown;
}

export interface End {
  /** final, count, idle, error, first, deadline, limit, worker_lost, no_worker, ...; or `cancelled`. */
  reason: string;
  ok: boolean;
  replies: number;
  elapsed_ms?: number;
  request_id?: string;
  problem?: Problem;
}

/** `code` is the problem's code, or one of the client's own: `connection_lost` (the work may or may not have been
 *  done), `replies_lost`, `unreachable` (nothing was sent), `protocol_error`, `closed`. */
export class GatewayError extends Error {
  code: string;
  problem: Problem | null;
  /** The problem's HTTP status. */
  status?: number;
  /** Why the exchange ended, as in the end record. */
  reason: string | null;
  /** For a `request`: the replies that arrived before the error. */
  replies: unknown[];
}

export interface RequestOptions {
  /** Aborting it cancels the exchange; the promise or the loop fails with the signal's reason. */
  signal?: AbortSignal;
  /** The time for the whole exchange: "5s", or a number of milliseconds; at most what the service's `overrides` allow.
   *  The client also enforces it, `grace_ms` later. The code is `deadline` either way. */
  deadline?: string | number;
  /** The longest gap between replies. */
  idle?: string | number;
  /** The number of replies after which the exchange is complete. Needed if the service defines no end of its own. */
  count?: number;
  /** Accept the replies that arrived by the deadline instead of failing. */
  partial?: boolean;
  as?: Kind;
}

/** Replies as they arrive. Leaving the loop cancels the exchange. */
export interface Stream<Reply> extends AsyncIterableIterator<Reply> {
  /** null until the exchange has ended. */
  readonly end: End | null;
}

/** A publisher's message; without `topic` if the service has `frames: single`. */
export interface Publication<Body> {
  topic?: string;
  body: Body;
}

interface Observable extends EventTarget {
  readonly state: Exclude<State, "resumed">;
  onstate: ((detail: StateDetail) => void) | null;
  addEventListener(type: "state", listener: (event: CustomEvent<StateDetail>) => void): void;
  /** A problem that belongs to no exchange. */
  addEventListener(type: "problem", listener: (event: CustomEvent<Problem>) => void): void;
  addEventListener(
    type: string, listener: EventListenerOrEventListenerObject | null,
    options?: AddEventListenerOptions | boolean): void;
}

export interface Gateway extends Observable {
  readonly transport: "websocket" | "ndjson" | "sse";
  /** Resolves to the reply, or to an array unless there is exactly one (and `count` is at most 1).
   *  Rejects with GatewayError. */
  request<Reply = any>(service: string, body: unknown, options?: RequestOptions): Promise<Reply>;
  /** Starts at once. If the exchange fails, the loop throws a GatewayError after the last reply. */
  stream<Reply = any>(service: string, body: unknown, options?: RequestOptions): Stream<Reply>;
  /** Messages of a publisher (`peer: publisher`) whose topics begin with one of these; "" matches all. */
  subscribe<Body = any>(
    service: string, topics: string | string[], options?: RequestOptions): Stream<Publication<Body>>;
  /** A raw session, always over a WebSocket of its own. */
  session<Reply = any>(service: string, options?: SessionOptions): Session<Reply>;
  /** Open exchanges fail with `closed`. */
  close(): void;
}

export interface SessionOptions {
  /** Survive a lost connection if the gateway allows it. Otherwise the session ends with its connection. */
  resume?: boolean;
  as?: Kind;
  signal?: AbortSignal;
  onstate?: (detail: StateDetail) => void;
  onmessage?: (message: { type: "message"; data: unknown }) => void;
}

/** One identity towards the worker: each `send` is a request, each reply a message. */
export interface Session<Reply> extends Observable, AsyncIterable<Reply> {
  readonly service: string;
  /** How many messages were lost across all resumptions. */
  readonly missed: number;
  readonly info: { request_id: string | null; resume_ms: number; seq: number; acked: number; drops: number };
  /** If set, replies go here and not to the iterator. Set it before the first reply. */
  onmessage: ((message: { type: "message"; data: Reply }) => void) | null;
  /** Queues the message until there is a connection. Messages sent into a dead connection are lost. */
  send(body: unknown): void;
  close(): void;
}

export function connect(options?: ConnectOptions): Gateway;
