import { html, nothing } from '/lib/lit-html/lit-html.js';
import { moment, span } from '../../format.js';
import { blameWord, outcomeWord } from '../../journal/outcome.js';
import { addressOf } from '../frame/address.js';
import { RANGES, rangesOf } from '../frame/ranges.js';
import './trend-chart.js';
import { BLAMES, CHARTS, OUTCOMES } from './trend-charts.js';

/**
 * @typedef {import('./trend-loader.js').Trends} Trends
 * @typedef {Trends['points'][number]} Point
 *
 * @typedef {object} TrendsView
 * @property {Trends | null} answer null before it is loaded
 * @property {string | null} error
 * @property {import('../frame/ranges.js').Range | null} range
 * @property {number | null} at a moment of the past in the address, epoch ms
 * @property {boolean} isReplay
 */

/** Queue, slots, waits, ends and failures over hours and days, each as a chart, and all of them as a table. @param {TrendsView} view */
export function trendsView({ answer, error, range, at, isReplay }) {
  return html`<section class="panel trends" aria-labelledby="trends-title">
    <header>
      <h2 id="trends-title" data-heading tabindex="-1">Trends</h2>
      <div class="filters" role="group" aria-label="Range">${rangesOf('trends').map(
        (name) =>
          html`<a class="chip" href=${addressOf({ view: 'trends', range: name, at })} aria-current=${name === range ? 'true' : 'false'}>${RANGES[name].label}</a>`,
      )}</div>
      <p class="sub" role="status">${error ? html`<span class="bad-text">${error}</span>` : isReplay ? nothing : stateText(answer)}</p>
    </header>
    ${isReplay ? html`<p class="boot">A recording of one job has no trends.</p>` : answer ? contentView(answer) : nothing}
  </section>`;
}

/** @param {Trends | null} answer */
function stateText(answer) {
  if (!answer) return 'Loading…';
  if (answer.read < 1) return `Reading the journal: ${Math.floor(answer.read * 100)} %`;
  const { from, keptFrom, step, whole } = answer;
  return [
    whole.queue ? '' : 'The journal has nothing of this time.',
    `Each point is ${span(step)}.`,
    from < keptFrom ? `Nothing before ${moment(keptFrom)} is in the figures.` : '',
  ]
    .filter(Boolean)
    .join(' ');
}

/** @param {Trends} answer */
function contentView(answer) {
  const { whole } = answer;
  return html`<div class="plots">
      ${CHARTS.map((chart) => {
        const sentence = chart.sentence(whole);
        return html`<figure data-chart=${chart.id}>
          <figcaption><h3>${chart.title}</h3><p class="sub">${sentence}</p></figcaption>
          <div role="img" aria-label="${chart.title}. ${sentence} The table below has the figures."><trend-chart .shown=${{ chart, answer }}></trend-chart></div>
        </figure>`;
      })}
      ${causesView(answer.causes)}
    </div>
    ${tableView(answer)}`;
}

/** @param {Trends['causes']} causes */
function causesView(causes) {
  return html`<section class="causes" aria-labelledby="causes-title">
    <h3 id="causes-title">Causes of the failures</h3>
    ${
      causes.length === 0
        ? html`<p class="sub">Nothing failed.</p>`
        : html`<div class="scroll" tabindex="0" role="region" aria-label="Causes of the failures"><table>
            <thead><tr><th>Cause</th><th>Whose fault</th><th class="num">Times</th></tr></thead>
            <tbody>${causes.map(
              ({ cause, blame, count }) =>
                html`<tr><td>${cause || 'The job failed by itself'}</td><td><i class="key-of blame-${blame}"></i>${blameWord(blame)}</td><td class="num">${count}</td></tr>`,
            )}</tbody></table></div>`
    }
  </section>`;
}

/** @param {Trends} answer */
function tableView({ points, step }) {
  return html`<details class="figures"><summary>The same figures as a table</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Figures"><table>
      <thead><tr><th>From</th><th class="num">Queue, most</th><th class="num">Queue, average</th><th class="num">Slots in use, most</th><th class="num">Slots in use, average</th><th class="num">Slots available</th><th class="num">Started</th><th class="num">Wait, median</th><th class="num">Wait, 95th percentile</th>${OUTCOMES.map(([outcome]) => html`<th class="num">${outcomeWord(outcome)}</th>`)}${BLAMES.map((blame) => html`<th class="num">Failures: ${blameWord(blame)}</th>`)}</tr></thead>
      <tbody>${points.map((point) => rowView(point))}</tbody>
    </table></div>
    <p class="sub">Each row is ${span(step)}. A dash is a time in which no daemon watched, or no job started.</p>
  </details>`;
}

/** @param {Point} point */
function rowView({ at, queue, slots, capacity, waits, ended, failures }) {
  /** @param {number | undefined} value */
  const cell = (value) =>
    html`<td class="num">${value === undefined ? '–' : Math.round(value * 10) / 10}</td>`;
  return html`<tr><th scope="row">${moment(at).slice(0, 16)}</th>
    ${cell(queue?.most)}${cell(queue?.mean)}${cell(slots?.most)}${cell(slots?.mean)}${cell(capacity?.most)}${cell(waits.count)}
    <td class="num">${waits.count > 0 ? span(waits.median) : '–'}</td><td class="num">${waits.count > 0 ? span(waits.p95) : '–'}</td>
    ${OUTCOMES.map(([outcome]) => cell(ended[outcome] ?? 0))}${BLAMES.map((blame) => cell(failures[blame] ?? 0))}</tr>`;
}
