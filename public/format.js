// Numbers, times and plurals as a person reads them. Pure.

/** A time in milliseconds: 0.42 ms, 12 ms, 1.20 s, 2 min 5 s. */
export function duration(ms) {
  if (ms === undefined || ms === null || !Number.isFinite(ms)) return "–";
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** A configured time, without needless zeros: 30 s, 1.5 s, 2 min. */
export function setting(ms) {
  return duration(ms).replace(/(\.\d*?)0+ s$/, "$1 s").replace(/\. s$/, " s").replace(/ 0 s$/, "");
}

/** An age in whole units, so that it does not flicker: 120 ms, 3 s, 4 min, 2 h, 5 d. */
export function age(ms) {
  const units = [[1000, 1, "ms"], [120_000, 1000, "s"], [7_200_000, 60_000, "min"], [172_800_000, 3_600_000, "h"]];
  const [, unit, name] = units.find(([below]) => ms < below) ?? [0, 86_400_000, "d"];
  return `${Math.floor(ms / unit)} ${name}`;
}

/** The time of day with milliseconds: 09:41:07.204. */
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

/** A rate or level in at most four digits: 0, 0.4, 12.5, 840, 12.4k. */
export function figure(n) {
  if (n === null || n === undefined || !Number.isFinite(n)) return "–";
  if (n === 0) return "0";
  if (n < 100) return String(Math.round(n * 10) / 10);
  if (n < 10_000) return grouped.format(n);
  if (n < 1_000_000) return `${(n / 1000).toFixed(1)}k`;
  return `${(n / 1_000_000).toFixed(1)}M`;
}
