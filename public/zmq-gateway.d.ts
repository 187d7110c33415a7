/** The client of zmq-gateway: requests with many replies, over one WebSocket that comes back, or by fetch. */

export type Transport = "auto" | "websocket" | "ndjson" | "sse";
export type State = "connecting" | "open" | "reconnecting" | "resumed" | "closed";
/** `json` (default): any JSON value. `text`: a string. `binary`: a Uint8Array. What the service declares as its body. */
export type Kind = "json" | "text" | "binary";

export interface ConnectOptions {
  /** http(s) or ws(s), with a path where the gateway is below one. Default: the origin of the page. */
  url?: string;
  /** `auto` (default): WebSocket; SSE by fetch where a WebSocket cannot be opened twice but the gateway answers.
   *  With `ndjson` a browser may lose the end record of an incomplete answer, which is `connection_lost` then. */
  transport?: Transport;
  /** Closes the gateway. */
  signal?: AbortSignal;
  onstate?: (detail: StateDetail) => void;
  /** First wait before a new connection, doubled each time, then taken at random from 0 to that. Default 250. */
  retry_ms?: number;
  /** The longest wait. Default 15,000. A `goodbye` of the gateway that names a time goes first. */
  max_retry_ms?: number;
  /** How long the gateway may take to say hello. Default 10,000. */
  hello_ms?: number;
  /** How long a request may wait for a connection before it fails with `unreachable`. Default 15,000. */
  wait_ms?: number;
  /** After how long without a message the connection is asked whether it lives. Default 20,000. */
  ping_ms?: number;
  /** How long the answer may take before the connection is dropped and opened again. Default 5,000. */
  pong_ms?: number;
  /** How long after its deadline an exchange that the gateway has not ended is ended here. Default 2,000. */
  grace_ms?: number;
  /** As for JSON.parse, for everything received: for numbers beyond 2^53, say. */
  reviver?: (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;
  /** For Node before 22 and for tests. */
  WebSocket?: new (url: string, protocols?: string[]) => WebSocket;
  fetch?: typeof fetch;
}

export interface StateDetail {
  state: State;
  transport?: "websocket" | "ndjson" | "sse";
  /** With `reconnecting`: the wait before the next attempt. */
  retry_ms?: number;
  /** With `resumed`: messages that are gone for good. */
  missed?: number;
  /** With `closed`, of a session: why, or null. */
  error?: GatewayError | null;
}

/** RFC 9457, with the gateway's stable `code`. */
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

/** `code` is the problem's, or one of the client: `connection_lost` (the work may or may not have been done),
 *  `replies_lost`, `unreachable` (nothing was sent), `protocol_error`, `closed`. */
export class GatewayError extends Error {
  code: string;
  problem: Problem | null;
  /** HTTP status of the problem. */
  status?: number;
  /** Why the exchange ended, as in the end record. */
  reason: string | null;
  /** What had come, of a `request`. */
  replies: unknown[];
}

export interface RequestOptions {
  /** Cancels; the promise or the loop then fails with the signal's reason. */
  signal?: AbortSignal;
  /** Total time: "5s", or a number of milliseconds; at most what the service's `overrides` allow. Kept here too, `grace_ms` later: then the code is `deadline`. */
  deadline?: string | number;
  /** Longest gap between replies. */
  idle?: string | number;
  /** Enough replies. Say it where the service names no end of its own. */
  count?: number;
  /** What came by the deadline is enough: no error then. */
  partial?: boolean;
  as?: Kind;
}

/** Replies as they arrive. `break` cancels. */
export interface Stream<Reply> extends AsyncIterableIterator<Reply> {
  /** null until it is over. */
  readonly end: End | null;
}

/** A publisher's message; without `topic` where the service has `frames: single`. */
export interface Publication<Body> {
  topic?: string;
  body: Body;
}

interface Tells extends EventTarget {
  readonly state: Exclude<State, "resumed">;
  onstate: ((detail: StateDetail) => void) | null;
  addEventListener(type: "state", listener: (event: CustomEvent<StateDetail>) => void): void;
  /** What the gateway could not obey and what belongs to no exchange. */
  addEventListener(type: "problem", listener: (event: CustomEvent<Problem>) => void): void;
  addEventListener(
    type: string, listener: EventListenerOrEventListenerObject | null, options?: AddEventListenerOptions | boolean): void;
}

export interface Gateway extends Tells {
  readonly transport: "websocket" | "ndjson" | "sse";
  /** The reply; an array where there is not exactly one, or where `count` is above 1. Rejects with GatewayError. */
  request<Reply = any>(service: string, body: unknown, options?: RequestOptions): Promise<Reply>;
  /** Starts at once. The loop throws GatewayError behind the last reply when the end is not ok. */
  stream<Reply = any>(service: string, body: unknown, options?: RequestOptions): Stream<Reply>;
  /** What a publisher (`peer: publisher`) says on topics that begin so; "" is everything. Leave the loop to end it. */
  subscribe<Body = any>(service: string, topics: string | string[], options?: RequestOptions): Stream<Publication<Body>>;
  /** Always over a WebSocket of its own. */
  session<Reply = any>(service: string, options?: SessionOptions): Session<Reply>;
  /** Exchanges that are open fail with `closed`. */
  close(): void;
}

export interface SessionOptions {
  /** Survive a broken connection where the gateway allows it. Without, the session ends with its connection. */
  resume?: boolean;
  as?: Kind;
  signal?: AbortSignal;
  onstate?: (detail: StateDetail) => void;
  onmessage?: (message: { type: "message"; data: unknown }) => void;
}

/** One identity towards the worker: each `send` is one request frame, each reply one message. */
export interface Session<Reply> extends Tells, AsyncIterable<Reply> {
  readonly service: string;
  /** Messages that a resumed session had lost, in total. */
  readonly missed: number;
  readonly info: { request_id: string | null; resume_ms: number; seq: number; acked: number; drops: number };
  /** Set it before the first message: then replies go there, and not to the iterator. */
  onmessage: ((message: { type: "message"; data: Reply }) => void) | null;
  /** Waits for the connection. What was sent into a connection that was already dead is lost. */
  send(body: unknown): void;
  close(): void;
}

export function connect(options?: ConnectOptions): Gateway;
