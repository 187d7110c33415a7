// What the wire's words mean to a person: reasons, statuses, times. The reasons are those of the gateway's end record;
// a reason that this page does not know is shown as it is.

const sentences = {
  final: ["Complete", "The worker marked its last reply."],
  count: ["Complete", "As many replies as were asked for."],
  idle: ["Complete", "The worker fell silent, which is how this service ends."],
  error: ["Failed", "The worker answered with an error."],
  bad_reply: ["Failed", "The worker sent something that is not JSON."],
  first: ["No reply in time", "The first reply did not come in time."],
  deadline: ["Out of time", "The deadline passed before the worker was done."],
  limit: ["Cut short", "The limit on replies or bytes was reached."],
  worker_lost: ["Worker lost", "The worker went away in the middle of the exchange."],
  no_worker: ["No worker", "No worker is there to take the request."],
  overloaded: ["Too busy", "Too many exchanges are in flight. Try again shortly."],
  cancelled: ["Cancelled", "The exchange was cancelled."],
  client_left: ["Cancelled", "The client left, and the worker was told."],
  slow_client: ["Too slow", "The replies came faster than they were taken."],
  shutdown: ["Shutting down", "The gateway is shutting down."],
};

/** "ok", "failed" or "incomplete": what a reason's colour depends on where no end record says `ok`. */
export function outcomeOf(reason) {
  if (["final", "count", "idle"].includes(reason)) return "ok";
  return ["error", "bad_reply"].includes(reason) ? "failed" : "incomplete";
}

/** [headline, sentence] for an end record. */
export function endWords({ reason, ok }) {
  if (reason === "idle" && ok === false) {
    return ["Incomplete", "The worker fell silent before it was done."];
  }
  const [headline, sentence] = sentences[reason] ?? [ok ? "Complete" : "Not complete", ""];
  return [headline, sentence];
}

/** Milliseconds as a person reads them: 0.42 ms, 12 ms, 1.204 s, 2 min 5 s. */
export function duration(ms) {
  if (ms === undefined || ms === null || !Number.isFinite(ms)) return "–";
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** How long ago, in whole units, so that it does not flicker: 120 ms, 3 s, 4 min, 2 h, 5 d. */
export function age(ms) {
  const units = [[1000, 1, "ms"], [120_000, 1000, "s"], [7_200_000, 60_000, "min"], [172_800_000, 3_600_000, "h"]];
  const [, unit, name] = units.find(([below]) => ms < below) ?? [0, 86_400_000, "d"];
  return `${Math.floor(ms / unit)} ${name}`;
}

/** The time of day to a thousandth: 09:41:07.204. */
export function clock(time) {
  const padded = (n, digits = 2) => String(n).padStart(digits, "0");
  const parts = [time.getHours(), time.getMinutes(), time.getSeconds()].map((n) => padded(n));
  return `${parts.join(":")}.${padded(time.getMilliseconds(), 3)}`;
}

/** 1 reply, 2 replies, 12,000 replies. */
export function counted(n, one, many) {
  return `${number(n)} ${n === 1 ? one : many}`;
}

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export function number(n) {
  return grouped.format(n);
}

/** A rate or level in at most four figures: 0, 0.4, 12.5, 840, 12.4k. */
export function figure(n) {
  if (n === null || n === undefined || !Number.isFinite(n)) return "–";
  if (n === 0) return "0";
  if (n < 100) return String(Math.round(n * 10) / 10);
  if (n < 10_000) return grouped.format(n);
  if (n < 1_000_000) return `${(n / 1000).toFixed(1)}k`;
  return `${(n / 1_000_000).toFixed(1)}M`;
}
