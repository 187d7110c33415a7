// Prometheus text to what the charts draw: levels, rates and quantiles over the last two minutes. Pure: text and times
// go in, numbers come out. A counter that went down belongs to a gateway that was started again.

export const historySeconds = 120;

/** Prometheus text to Map name -> [{ labels, value }]. */
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

  /** Whether the gateway tells of `name` now, for this service or for any. */
  tells(name, service) {
    return chosen(this.#samples.at(-1)?.families.get(name), service).length > 0;
  }

  /** The services for which it tells of `name` now. */
  servicesWith(name) {
    return new Set(chosen(this.#samples.at(-1)?.families.get(name), null).map(({ labels }) => labels.service));
  }

  /** [{ at, value }] of a gauge; without a service, of all of them together. `where` looks at the other labels. */
  level(name, service, where) {
    return this.#samples.map(({ at, families }) => ({ at, value: sum(families.get(name), service, where) }));
  }

  /** [{ at, value }] of a counter's growth a second; one shorter than the history. */
  rate(name, service) {
    const levels = this.level(name, service);
    return levels.slice(1).map(({ at, value }, i) => {
      const before = levels[i];
      if (value === null || before.value === null) return { at, value: null };
      const grown = value >= before.value ? value - before.value : value;
      return { at, value: (grown * 1000) / Math.max(at - before.at, 1) };
    });
  }

  /** [[label's value, total], ...] of a counter, largest first, zeros left out. */
  breakdown(name, label, service) {
    const totals = new Map();
    for (const { labels, value } of chosen(this.#samples.at(-1)?.families.get(name), service)) {
      const key = labels[label] ?? "";
      totals.set(key, (totals.get(key) ?? 0) + value);
    }
    return [...totals].filter(([, value]) => value > 0).sort((a, b) => b[1] - a[1]);
  }

  /** The quantile of what a histogram gained in the last `seconds`, in seconds; null where it gained nothing. */
  quantile(name, service, q, seconds = 60) {
    return quantileAt(this.#samples, this.#samples.length - 1, name, service, q, seconds);
  }

  /** [{ at, value }] of that quantile as it was at each moment, in milliseconds; one shorter than the history. */
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

function chosen(samples, service) {
  return (samples ?? []).filter(({ labels }) => service === null || labels.service === service);
}

/** null where the gateway has no such metric at all; 0 where it has, but not for this service yet. */
function sum(samples, service, where = () => true) {
  if (samples === undefined) return null;
  return chosen(samples, service).filter(({ labels }) => where(labels)).reduce((total, { value }) => total + value, 0);
}

function buckets(samples, service) {
  const totals = new Map();
  for (const { labels, value } of chosen(samples, service)) {
    const le = labels.le === "+Inf" ? Infinity : Number(labels.le);
    totals.set(le, (totals.get(le) ?? 0) + value);
  }
  return totals;
}

/** As Prometheus' histogram_quantile: linear inside the bucket, the last finite bound for the open one. */
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
