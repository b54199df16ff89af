// The speed over the time of a trip. It is a slider too: the arrow keys walk along the trip, and map and words follow.
import uPlot from "../vendor/uplot.mjs";
import { dates, saySpeed, speedUnit, speedUnitName } from "../live/words.js";

// As the server writes times beside it.
const hour12 = document.documentElement.lang === "en";
const clock = dates({ hour: "numeric", minute: "2-digit", hour12 });
const exactClock = dates({ hour: "numeric", minute: "2-digit", second: "2-digit", hour12 });
const HEIGHT = 132;
const MINUTE_S = 60;

export class Profile {
  #box = document.getElementById("profile");
  #said = document.getElementById("profile-said");
  #points;
  #onMove;
  #plot = null;
  #at = 0;

  constructor(points, onMove) {
    this.#points = points;
    this.#onMove = onMove;
    this.#describe();
    this.draw();
    new ResizeObserver(() => this.#resize()).observe(this.#box);
    this.#box.addEventListener("keydown", (event) => this.#walk(event));
    this.#box.addEventListener("blur", () => this.show(null));
  }

  /** Draw it anew, in the colours of the theme. */
  draw() {
    this.#plot?.destroy();
    const { color: text, borderTopColor: grid, outlineColor: line, fontFamily } = getComputedStyle(this.#box);
    const axis = { stroke: text, font: `11px ${fontFamily}`, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    const options = {
      width: this.#box.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, drag: { x: false }, points: { size: 9, fill: line } },
      axes: [
        { ...axis, grid: { show: false }, size: 26, space: 64, incrs: [1, 2, 5, 10, 15, 30, 60, 120, 180, 360].map((n) => n * MINUTE_S), values: (_, marks) => marks.map((at) => clock.format(at * 1000)) },
        { ...axis, size: 34, space: 36 },
      ],
      scales: { y: { range: (_, _least, most) => [0, Math.max(20, most * 1.08)] } },
      series: [{}, { stroke: line, width: 1.6, fill: `color-mix(in srgb, ${line} 14%, transparent)`, points: { show: false } }],
      hooks: { setCursor: [({ cursor }) => this.#point(cursor)] },
    };
    const speeds = this.#points.map(({ speed }) => speed * speedUnit.perMps);
    this.#plot = new uPlot(options, [this.#points.map(({ at }) => at / 1000), speeds], this.#box);
  }

  /** Point at one of the track's points, or at none. */
  show(number) {
    if (number === null) return this.#plot.setCursor({ left: -10, top: -10 });
    this.#plot.setCursor({ left: this.#plot.valToPos(this.#points[number].at / 1000, "x"), top: 10 });
  }

  #point({ idx, left }) {
    const point = left >= 0 ? this.#points[idx] : null;
    this.#said.textContent = point ? this.#say(point) : "";
    this.#onMove(point);
  }

  #say({ at, speed }) {
    return `${exactClock.format(at)} · ${saySpeed(speed)} ${speedUnitName}`;
  }

  #walk(event) {
    const last = this.#points.length - 1;
    const step = Math.max(1, Math.round(last / 100));
    const to = { ArrowRight: this.#at + step, ArrowLeft: this.#at - step, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#at = Math.min(last, Math.max(0, to));
    this.#describe();
    this.show(this.#at);
  }

  #describe() {
    const values = { valuemin: 0, valuemax: this.#points.length - 1, valuenow: this.#at, valuetext: this.#say(this.#points[this.#at]) };
    for (const [name, value] of Object.entries(values)) this.#box.setAttribute(`aria-${name}`, value);
  }

  #resize() {
    if (this.#box.clientWidth && this.#box.clientWidth !== this.#plot.width) this.#plot.setSize({ width: this.#box.clientWidth, height: HEIGHT });
  }
}
