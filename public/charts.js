// A small chart: a name, the current value, and up to two minutes of history as a line over a shaded area. Under the
// pointer the value becomes that of the moment pointed at. An optional second line is dashed. The SVG has classes and
// presentation attributes only.

import { drawing, element, setText } from "./dom.js";
import { figure } from "./format.js";
import { historySeconds } from "./metrics.js";

const width = 240;
const height = 48;

export class Chart {
  #value = element("span", { class: "figure" }, "–");
  #peak = element("span", { class: "peak" });
  #area = drawing("path", { class: "area" });
  #line = drawing("path", { class: "line" });
  #second = drawing("path", { class: "line second" });
  #pointer = drawing("path", { class: "pointer" });
  #points = [];
  #pointedAt = null;

  /** `lines` are the names of the two lines, if there are two. */
  constructor(key, name, unit, lines = null) {
    const svg = drawing("svg", {
      viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true",
    }, drawing("path", { class: "ground", d: `M0 ${height - 0.5}H${width}` }), this.#area, this.#line, this.#second,
    this.#pointer);
    this.root = element("figure", { "data-metric": key },
      element("figcaption", {},
        element("span", { class: "name" }, name), lines ? legend(lines) : this.#peak,
        element("span", { class: "now" }, this.#value, unit && element("small", {}, unit))),
      svg);
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      this.#pointedAt = (event.clientX - box.left) / box.width;
      this.#showValue();
    });
    svg.addEventListener("pointerleave", () => {
      this.#pointedAt = null;
      this.#showValue();
    });
  }

  /** `points` are [{ at, value }], the last one is now; a gap has null. `others` is the second line. */
  draw(points, others = null) {
    const end = points.at(-1)?.at ?? 0;
    const perMillisecond = width / (1000 * span(end - (points[0]?.at ?? end)));
    this.#points = points.map(({ at, value }, i) => (
      { x: width - (end - at) * perMillisecond, value, other: others?.[i]?.value }));
    const top = ceiling(Math.max(0, ...[...points, ...(others ?? [])].map(({ value }) => value ?? 0)));
    const y = (value) => height - 1 - (value / top) * (height - 5);
    const runs = unbroken(this.#points);
    const drawn = (run) => `M${run.map(({ x, value }) => `${round(x)} ${round(y(value))}`).join("L")}`;
    const line = runs.map(drawn);
    this.#line.setAttribute("d", line.join(""));
    const second = others ? unbroken(this.#points.map(({ x, other }) => ({ x, value: other ?? null }))) : [];
    this.#second.setAttribute("d", second.map(drawn).join(""));
    this.#area.setAttribute("d", runs.map((run, i) =>
      `${line[i]}L${round(run.at(-1).x)} ${height}L${round(run[0].x)} ${height}Z`).join(""));
    const hasPeak = points.some(({ value }) => value);
    setText(this.#peak, hasPeak ? `peak ${figure(Math.max(...points.map(({ value }) => value ?? 0)))}` : "");
    this.#showValue();
  }

  #showValue() {
    const last = this.#points.at(-1);
    let shown = last;
    if (this.#pointedAt !== null && last) {
      const x = this.#pointedAt * width;
      shown = this.#points.reduce((best, point) => (Math.abs(point.x - x) < Math.abs(best.x - x) ? point : best));
    }
    this.#pointer.setAttribute("d", this.#pointedAt !== null && shown ? `M${round(shown.x)} 0V${height}` : "");
    const isTwo = shown?.other !== undefined;
    setText(this.#value, isTwo ? `${figure(shown.value)} / ${figure(shown.other)}` : figure(shown?.value));
    this.root.dataset.second = String(last?.other ?? "");
    this.root.dataset.value = String(last?.value ?? "");
  }
}

/** A stroke and a name for each line. */
function legend(lines) {
  return element("span", { class: "key" }, ...lines.flatMap((name, i) => [
    drawing("svg", { viewBox: "0 0 14 4", "aria-hidden": "true" },
      drawing("path", { class: i ? "line second" : "line", d: "M0 2H14" })), element("span", {}, name)]));
}

/** The width in seconds. It grows in steps, so that a short history fills the chart and the line does not creep. */
function span(milliseconds) {
  return [20, 60].find((seconds) => milliseconds <= seconds * 1000) ?? historySeconds;
}

/** The next of 1, 2, 5, 10, 20..., so that the scale changes rarely. */
function ceiling(value) {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value);
}

function unbroken(points) {
  const runs = [[]];
  for (const point of points) {
    if (point.value === null) runs.push([]);
    else runs.at(-1).push(point);
  }
  return runs.filter((run) => run.length > 0);
}

function round(n) {
  return Math.round(n * 10) / 10;
}
