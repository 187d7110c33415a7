// Turns Prometheus text into what the charts draw: levels, rates and quantiles over the last two minutes. Pure.
// A counter that decreased belongs to a gateway that was restarted.

export const historySeconds = 120;

/** Parses Prometheus text to a Map of name -> [{ labels, value }]. */
export function parseMetrics(text) {
  const families = new Map();
  for (const line of text.split("\n")) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line);
    if (!match) continue;
    const [, name, labelText, value] = match;
    const labels = {};
    for (const [, key, quotedValue] of (labelText ?? "").matchAll(/(\w+)="((?:\\.|[^"\\])*)"/g)) {
      labels[key] = quotedValue.replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c));
    }
    if (!families.has(name)) families.set(name, []);
    families.get(name).push({ labels, value: Number(value.replace("Inf", "Infinity")) });
  }
  return families;
}

export class History {
  #samples = [];

  push(at, families) {
    this.#samples.push({ at, families });
    while (this.#samples.length > historySeconds + 1) this.#samples.shift();
  }

  get isEmpty() {
    return this.#samples.length === 0;
  }

  /** Whether the newest sample has the metric `name`, for this service or (null) for any. */
  has(name, service) {
    return samplesOf(this.#samples.at(-1)?.families.get(name), service).length > 0;
  }

  /** The services that have the metric `name` in the newest sample. */
  servicesWith(name) {
    return new Set(samplesOf(this.#samples.at(-1)?.families.get(name), null).map(({ labels }) => labels.service));
  }

  /** [{ at, value }] of a gauge for one service, or (null) summed over all. `where(labels)` filters by other labels. */
  level(name, service, where) {
    return this.#samples.map(({ at, families }) => ({ at, value: sum(families.get(name), service, where) }));
  }

  /** [{ at, value }] of a counter's growth per second; one entry shorter than the history. */
  rate(name, service) {
    const levels = this.level(name, service);
    return levels.slice(1).map(({ at, value }, i) => {
      const before = levels[i];
      if (value === null || before.value === null) return { at, value: null };
      const grown = value >= before.value ? value - before.value : value;
      return { at, value: (grown * 1000) / Math.max(at - before.at, 1) };
    });
  }

  /** [[value of the label, total], ...] of a counter, largest first, without zeros. */
  breakdown(name, label, service) {
    const totals = new Map();
    for (const { labels, value } of samplesOf(this.#samples.at(-1)?.families.get(name), service)) {
      const key = labels[label] ?? "";
      totals.set(key, (totals.get(key) ?? 0) + value);
    }
    return [...totals].filter(([, value]) => value > 0).sort((a, b) => b[1] - a[1]);
  }

  /** The quantile, in seconds, of what a histogram gained in the last `seconds`; null if it gained nothing. */
  quantile(name, service, q, seconds = 60) {
    return quantileAt(this.#samples, this.#samples.length - 1, name, service, q, seconds);
  }

  /** [{ at, value }] of that quantile over time, in milliseconds; one entry shorter than the history. */
  quantiles(name, service, q, seconds = 10) {
    return this.#samples.slice(1).map(({ at }, i) => {
      const value = quantileAt(this.#samples, i + 1, name, service, q, seconds);
      return { at, value: value === null ? null : value * 1000 };
    });
  }
}

function quantileAt(samples, index, name, service, q, seconds) {
  const last = samples[index];
  if (!last) return null;
  const first = samples.find(({ at }) => at >= last.at - seconds * 1000);
  const now = buckets(last.families.get(name), service);
  const then = first === last ? new Map() : buckets(first.families.get(name), service);
  const isSame = [...now].every(([le, value]) => value >= (then.get(le) ?? 0));
  const gained = [...now].map(([le, value]) => [le, value - (isSame ? (then.get(le) ?? 0) : 0)]);
  return interpolated(gained.sort((a, b) => a[0] - b[0]), q);
}

function samplesOf(samples, service) {
  return (samples ?? []).filter(({ labels }) => service === null || labels.service === service);
}

/** null if the gateway does not have the metric at all; 0 if it does not have it for this service yet. */
function sum(samples, service, where = () => true) {
  if (samples === undefined) return null;
  const counted = samplesOf(samples, service).filter(({ labels }) => where(labels));
  return counted.reduce((total, { value }) => total + value, 0);
}

function buckets(samples, service) {
  const totals = new Map();
  for (const { labels, value } of samplesOf(samples, service)) {
    const le = labels.le === "+Inf" ? Infinity : Number(labels.le);
    totals.set(le, (totals.get(le) ?? 0) + value);
  }
  return totals;
}

/** Like Prometheus' histogram_quantile: linear within a bucket; the last finite bound for the open bucket. */
function interpolated(cumulative, q) {
  const total = cumulative.at(-1)?.[1] ?? 0;
  if (total <= 0) return null;
  const rank = q * total;
  let lower = 0;
  let below = 0;
  for (const [le, count] of cumulative) {
    if (count >= rank) {
      if (le === Infinity || count === below) return lower;
      return lower + ((le - lower) * (rank - below)) / (count - below);
    }
    lower = le;
    below = count;
  }
  return lower;
}
