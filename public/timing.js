// Reads the header `Server-Timing` (W3C Server Timing) as the gateway writes it: where an exchange spent its time.

const entry = /([\w-]+)\s*;\s*(dur|desc)=(?:"([^"]*)"|([^,;\s]+))/g;
const known = { queue: "dur", worker: "dur", attempts: "desc" };

/** `queue;dur=1.5, worker;dur=20.2, attempts;desc="2"` becomes { queue: 1.5, worker: 20.2, attempts: 2 }, or null. */
export function parseTiming(header) {
  const timing = {};
  for (const [, name, key, quoted, plain] of (header ?? "").matchAll(entry)) {
    const value = Number(quoted ?? plain);
    if (Object.hasOwn(known, name) && known[name] === key && Number.isFinite(value)) timing[name] = value;
  }
  return Object.keys(timing).length ? timing : null;
}
