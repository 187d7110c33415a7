// What the reasons of the gateway's end records mean, in words.

const texts = {
  final: ["Complete", "The worker marked its last reply."],
  count: ["Complete", "All requested replies arrived."],
  idle: ["Complete", "The worker stopped sending, which ends an exchange of this service."],
  error: ["Failed", "The worker replied with an error."],
  bad_reply: ["Failed", "The worker sent a reply that is not valid."],
  first: ["No reply in time", "The first reply did not arrive in time."],
  deadline: ["Deadline exceeded", "The deadline passed before the worker finished."],
  limit: ["Limit reached", "The exchange reached its limit of replies or bytes."],
  worker_lost: ["Worker lost", "The connection to the worker was lost during the exchange."],
  no_worker: ["No worker", "No worker is available for the request."],
  overloaded: ["Overloaded", "Too many exchanges are in flight. Try again shortly."],
  cancelled: ["Cancelled", "The exchange was cancelled."],
  client_left: ["Cancelled", "The client disconnected. The gateway cancelled the request."],
  slow_client: ["Too slow", "The client could not keep up with the replies."],
  shutdown: ["Shutting down", "The gateway is shutting down."],
};

/** "ok", "failed" or "incomplete", which decides the colour if there is no end record to say `ok`. */
export function outcomeOf(reason) {
  if (["final", "count", "idle"].includes(reason)) return "ok";
  return ["error", "bad_reply"].includes(reason) ? "failed" : "incomplete";
}

/** [headline, sentence] for an end record. A reason that the console does not know has a headline only. */
export function describeEnd({ reason, ok }) {
  if (reason === "idle" && ok === false) {
    return ["Incomplete", "The worker stopped sending before it finished."];
  }
  return texts[reason] ?? [ok ? "Complete" : "Incomplete", ""];
}
