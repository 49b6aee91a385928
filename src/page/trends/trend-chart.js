import { clock, moment } from '../../format.js';
import { colourOf } from '../frame/colour-of.js';
import { valueWords } from './trend-charts.js';

/**
 * @typedef {import('./trend-charts.js').TrendChart} Chart
 * @typedef {import('./trend-loader.js').Trends} Trends
 * @typedef {typeof import('/lib/uplot/uplot.js')} UPlot
 */

const HEIGHT = 180;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** The steps between two lines of a grid, so that each has a round value. */
const STEPS = {
  count: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000],
  time: [
    ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
    ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
    ...[1, 2, 4, 6, 12, 24, 48].map((hours) => hours * HOUR),
  ],
};
/** The least that a chart shows at its upper end. */
const LEAST = { count: 1, time: 10 * SECOND };

/** Loaded with the first chart: it is larger than the rest of the page. @type {Promise<UPlot> | null} */
let library = null;

/** `<trend-chart>`: one chart, drawn by uPlot. What it shows is also in a table, since a canvas says nothing. */
export class TrendChart extends HTMLElement {
  /** @type {InstanceType<UPlot> | null} */
  #plot = null;
  /** @type {{ chart: Chart, answer: Trends } | null} */
  #shown = null;
  #probe = document.createElement('i');
  #isDark = matchMedia('(prefers-color-scheme: dark)');
  #resizes = new ResizeObserver(([entry]) => {
    if (entry && entry.contentRect.width > 0)
      this.#plot?.setSize({ width: entry.contentRect.width, height: HEIGHT });
  });
  #repaint = () => this.#plot?.redraw();

  /** @param {{ chart: Chart, answer: Trends }} shown */
  set shown(shown) {
    const before = this.#shown;
    this.#shown = shown;
    if (before?.answer === shown.answer) return;
    if (this.#plot && before?.answer.range === shown.answer.range) this.#plot.setData(dataOf(shown));
    else if (this.isConnected) void this.#draw();
  }

  connectedCallback() {
    this.#resizes.observe(this);
    this.#isDark.addEventListener('change', this.#repaint);
    void this.#draw();
  }

  disconnectedCallback() {
    this.#resizes.disconnect();
    this.#isDark.removeEventListener('change', this.#repaint);
    this.#plot?.destroy();
    this.#plot = null;
  }

  async #draw() {
    library ??= import('/lib/uplot/uplot.js').then((module) => module.default);
    const uPlot = await library.catch(() => null);
    // The next answer tries it again; until then the table has the figures.
    if (!uPlot) library = null;
    if (!uPlot || !this.isConnected || !this.#shown) return;
    this.#plot?.destroy();
    this.replaceChildren(this.#probe);
    this.#plot = new uPlot(this.#optionsOf(uPlot, this.#shown), dataOf(this.#shown), this);
  }

  /** @param {UPlot} uPlot @param {{ chart: Chart, answer: Trends }} shown @returns {import('/lib/uplot/uplot.js').Options} */
  #optionsOf(uPlot, { chart, answer: { range } }) {
    const colour = (/** @type {string} */ name) => colourOf(this.#probe, name);
    const axis = {
      stroke: () => colour('muted'),
      grid: { stroke: () => colour('line'), width: 1 },
      ticks: { stroke: () => colour('line'), width: 1 },
      font: '11px system-ui, sans-serif',
    };
    return {
      width: this.clientWidth || 300,
      height: HEIGHT,
      ms: 1,
      cursor: { drag: { x: false, y: false }, sync: { key: 'trends' } },
      scales: {
        // The whole range, so that the bars at its ends are whole.
        x: { range: () => [this.#shown?.answer.from ?? 0, this.#shown?.answer.until ?? 1] },
        y: { range: (_plot, _least, most) => [0, Math.max(LEAST[chart.unit], (most ?? 0) * 1.05)] },
      },
      axes: [
        { ...axis, size: 30, space: 60, values: (_plot, splits) => splits.map((at) => timeWords(at, range)) },
        {
          ...axis,
          size: 62,
          incrs: STEPS[chart.unit],
          values: (_plot, splits) =>
            splits.map((value) => (value === 0 ? '0' : valueWords(chart.unit, value))),
        },
      ],
      series: [
        { label: 'Time', value: (_plot, at) => (at === null ? '–' : moment(at)) },
        ...chart.lines.map(({ label, colour: name, of, isFilled, isDashed }) => ({
          label,
          stroke: () => colour(name),
          width: chart.kind === 'bars' ? 0 : 1.5,
          ...(chart.kind === 'bars' && { paths: uPlot.paths.bars?.({ size: [0.8, 40] }) }),
          ...((isFilled || chart.kind === 'bars') && {
            fill: () => (chart.kind === 'bars' ? colour(name) : clear(colour(name))),
          }),
          ...(isDashed && { dash: [5, 4] }),
          // Where no job started, the line goes on from the wait before to the one after.
          spanGaps: chart.unit === 'time',
          points: { show: chart.kind === 'lines' && chart.unit === 'time', size: 4 },
          value: (
            /** @type {unknown} */ _plot,
            /** @type {unknown} */ _value,
            /** @type {number} */ _line,
            /** @type {number | null} */ index,
          ) => {
            const point = index === null ? undefined : this.#shown?.answer.points[index];
            const value = point ? of(point) : null;
            return value === null ? '–' : valueWords(chart.unit, value);
          },
        })),
      ],
    };
  }
}

customElements.define('trend-chart', TrendChart);

/**
 * Points are drawn in the middle of their time. Bars are stacked: each is drawn with all that is below it, so that the
 * later ones cover its lower part.
 * @param {{ chart: Chart, answer: Trends }} shown @returns {import('/lib/uplot/uplot.js').AlignedData}
 */
function dataOf({ chart: { kind, lines }, answer: { points, step } }) {
  const times = points.map(({ at }) => at + step / 2);
  const heights = lines.map(({ of }, at) =>
    points.map((point) =>
      kind === 'lines' ? of(point) : lines.slice(at).reduce((sum, line) => sum + (line.of(point) ?? 0), 0),
    ),
  );
  return [times, ...heights];
}

/** @param {number} at epoch ms @param {Trends['range']} range */
function timeWords(at, range) {
  const isMidnight = new Date(at).getHours() === 0 && new Date(at).getMinutes() === 0;
  if (isMidnight && range !== '1h') return moment(at).slice(5, 10);
  return range === '7d' && at % (6 * HOUR) !== 0 ? '' : clock(at).slice(0, 5);
}

/** The same colour for a ground. @param {string} colour such as `rgb(1, 2, 3)` */
const clear = (colour) => colour.replace('rgb(', 'rgba(').replace(')', ', 0.14)');
