import { html, nothing, svg } from '/lib/lit-html/lit-html.js';
import { clock, span } from '../../format.js';

/**
 * @typedef {import('../../journal/story/attempts.js').Attempt} Attempt
 * @typedef {import('../../journal/story/attempts.js').Phase} Phase
 * @typedef {import('../chart/chart.js').Stats} Stats
 *
 * @typedef {object} Scale
 * @property {Stats} stats
 * @property {number} start epoch ms
 * @property {number} whole milliseconds
 * @property {number} now epoch ms
 */

/**
 * Each attempt with its VM, how it ended, and bars of its stays in each state, each above its median, so that a
 * slow one stands out.
 * @param {Attempt[]} attempts @param {Stats} stats @param {number} now @param {number} end epoch ms of the last bar's end
 */
export function attemptsView(attempts, stats, now, end) {
  const start = Math.min(...attempts.flatMap(({ phases }) => phases.map(({ from }) => from)));
  if (!Number.isFinite(start)) return nothing;
  const whole = Math.max(1, end - start);
  const scale = { stats, start, whole, now };
  return html`
    <h3>Attempts <span class="sub">${span(whole)} in all; the thin line is the median</span></h3>
    <div class="scroll" tabindex="0" role="region" aria-label="Attempts"><table class="waterfall">
      <thead class="unseen"><tr><th>Phase</th><th>When</th><th>Stay</th><th>Median</th></tr></thead>
      ${attempts.map(
        (attempt) => html`<tbody>
          <tr class="attempt"><th colspan="4" scope="rowgroup">Attempt ${attempt.number}
            <span class="sub">${vmText(attempt)}</span>
            ${attempt.end ? html`<p class="sub">${attempt.end}</p>` : nothing}</th></tr>
          ${attempt.phases.map((phase) => phaseView(phase, scale))}
        </tbody>`,
      )}
    </table></div>`;
}

/** @param {Attempt} attempt */
function vmText({ vm, end }) {
  return vm ? `VM ${vm.name} on ${vm.host}` : end ? 'no VM' : 'no VM yet';
}

/** @param {Phase} phase @param {Scale} scale */
function phaseView({ state, from, to, failures }, { stats, start, whole, now }) {
  const ms = (to ?? now) - from;
  const median = stats[state]?.median ?? 0;
  const isSlow = median > 0 && ms > 2 * (stats[state]?.p95 ?? median) && ms > 1_000;
  /** @param {number} part milliseconds */
  const share = (part) => `${((part / whole) * 100).toFixed(2)}%`;
  return html`<tr class=${failures > 0 || isSlow ? 'slow' : ''}>
    <th scope="row">${state}</th>
    <td class="bar"><svg width="100%" height="20" role="img" aria-label="${state} from ${clock(from)} for ${span(ms)}">
      ${svg`<rect class="track" x="0" y="9" width="100%" height="1"></rect>
        <rect class=${`stay ${failures > 0 ? 'warn' : to === null ? 'now' : ''}`} x=${share(from - start)} y="3" width=${share(ms)} height="9" rx="2"></rect>
        <rect class="median" x=${share(from - start)} y="15" width=${share(Math.min(median, start + whole - from))} height="2"></rect>`}
    </svg></td>
    <td class="num">${span(ms)}</td>
    <td class="num sub">${median > 0 ? span(median) : ''}${failures > 0 ? html` <span class="warn-text">${failures} ✕</span>` : nothing}</td>
  </tr>`;
}
