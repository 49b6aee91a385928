import { guard } from '/lib/lit-html/directives/guard.js';
import { repeat } from '/lib/lit-html/directives/repeat.js';
import { html, nothing, svg } from '/lib/lit-html/lit-html.js';
import { counted, span } from '../../format.js';
import { boxOf } from './state-paths.js';
import { hideCard, showCard } from './way-card.js';
import { wayView } from './way-view.js';

/**
 * @typedef {import('../../http/admin/api/api-routes.ts').Answers} Answers
 * @typedef {Answers['/api/machines']['machines'][number]} Chart
 * @typedef {Chart['layout']['boxes'][number]} Box
 * @typedef {Answers['/api/stats']['states']} Stats by state
 * @typedef {import('./state-paths.js').Trace} Trace
 *
 * @typedef {object} BoxesView what is drawn into the boxes
 * @property {Map<string, number>} counts by state
 * @property {[one: string, many: string]} nouns of what is counted
 * @property {Stats} stats
 * @property {Trace | null} trace of the job that is shown
 * @property {string | null} selected the state that is shown
 * @property {(path: string) => void} onSelect
 */

/**
 * The chart of a machine as the daemon laid it out: boxes, figures, arrows with the names of their events. Marks
 * are drawn over it. `PanZoom` decides which part is shown, and moves to the state in `data-reveal`.
 * @param {BoxesView & { chart: Chart, title: string }} view
 */
export function chartView({ chart, title, ...view }) {
  const { layout } = chart;
  const { trace, selected } = view;
  return html`
    <div class="stage" @pointerover=${showCard} @pointerleave=${hideCard} @focusin=${showCard} @focusout=${hideCard}>
      <svg id="chart" class=${trace ? 'chart tracing' : 'chart'} data-chart=${chart.id} data-width=${layout.width} data-height=${layout.height}
        data-reveal=${trace ? placeOf(trace) : ''} role="group" aria-label=${title}>
        <defs>
          <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerUnits="userSpaceOnUse" markerWidth="8" markerHeight="8" orient="auto-start-reverse">
            <path d="M0 0.6 L7.4 4 L0 7.4 z"></path>
          </marker>
        </defs>
        ${repeat(
          layout.boxes,
          (box) => box.path,
          (box, index) => boxView(box, index === 0, view),
        )}
        <g>${guard([layout, trace, selected], () => layout.arrows.map((arrow) => wayView(arrow, trace, selected)))}</g>
      </svg><canvas id="marks" aria-hidden="true"></canvas><div class="mark-label" aria-hidden="true" hidden></div><div class="way-card" aria-hidden="true" hidden></div>
    </div>`;
}

/** The innermost state that the job is in. @param {Trace} trace */
function placeOf({ now }) {
  return boxOf([...now].sort((a, b) => b.split('.').length - a.split('.').length)[0] ?? '');
}

/** @param {Box} box @param {boolean} isFirst @param {BoxesView} view */
function boxView(box, isFirst, { counts, nouns, stats, trace, selected, onSelect }) {
  const { path, name, x, y, width, height, isLeaf, kind, parent } = box;
  const count = counts.get(path) ?? 0;
  const stat = stats[path];
  const isPill = isLeaf && (parent !== '' || kind === 'final');
  const label = labelOf(path, count, nouns, stat);
  /** @param {Event} event */
  const choose = (event) => {
    event.stopPropagation();
    onSelect(path);
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    choose(event);
  };
  // One box can be reached with Tab, the others from there with the arrow keys: `PanZoom` moves this `tabindex`.
  return svg`
    <g class=${classesOf(box, { isPill, count, trace, selected })} data-path=${path} tabindex=${isFirst ? '0' : '-1'} role="button" aria-pressed=${selected === path ? 'true' : 'false'} @click=${choose} @keydown=${key}>
      <title>${label.join(', ')}</title>
      <rect x=${x} y=${y} width=${width} height=${height} rx=${isPill ? 6 : 9}></rect>
      <text class="name" aria-hidden="true" x=${x + 9} y=${y + (isPill ? 15 : 18)}>${name}</text>
      ${isPill ? nothing : svg`<text class="figures" aria-hidden="true" x=${x + 9} y=${y + 35}>${figuresOf(stat)}</text>`}
      ${
        count > 0 && (!isPill || kind === 'final')
          ? svg`<text class="count" aria-hidden="true" x=${x + width - 9} y=${y + (isPill ? 15 : 18)} text-anchor="end">${count}</text>`
          : nothing
      }
      ${stat?.failures && !isPill ? failuresView(stat.failures, x + width - 8, y + 23) : nothing}
    </g>`;
}

/** @param {number} failures @param {number} right @param {number} top */
function failuresView(failures, right, top) {
  return svg`<g class="failures" aria-hidden="true"><rect x=${right - 30} y=${top} width="30" height="16" rx="8"></rect>
    <text x=${right - 15} y=${top + 12} text-anchor="middle">${failures > 99 ? '99+' : failures}</text></g>`;
}

/** @param {Stats[string] | undefined} stat */
function figuresOf(stat) {
  return stat && stat.stays > 0 ? `${short(stat.median)} · ${short(stat.p95)}` : '';
}

/** @param {Box} box @param {Pick<BoxesView, 'trace' | 'selected'> & { isPill: boolean, count: number }} view */
function classesOf({ path, name, kind, parent }, { isPill, count, trace, selected }) {
  const classes = ['box'];
  if (isPill) classes.push('pill');
  if (parent === '') classes.push('top');
  if (kind === 'final') classes.push('final', name);
  if (count > 0) classes.push('inhabited');
  if (trace?.now.has(path)) classes.push('now');
  else if (trace?.trouble.has(path)) classes.push('trouble');
  else if (trace?.past.has(path)) classes.push('past');
  if (selected === path) classes.push('selected');
  return classes.join(' ');
}

/**
 * The text for screen readers and for the tooltip.
 * @param {string} path @param {number} count @param {BoxesView['nouns']} nouns @param {Stats[string] | undefined} stat
 */
function labelOf(path, count, [one, many], stat) {
  const label = [path.split('.').join(', '), counted(count, one, many)];
  if (stat && stat.stays > 0) {
    label.push(`median stay ${span(stat.median)}, 95th percentile ${span(stat.p95)}`);
  }
  if (stat?.failures) label.push(counted(stat.failures, 'failure'));
  return label;
}

/** A short duration for a small box: `340ms`, `4.2s`, `3m`, `2.1h`. @param {number} ms */
function short(ms) {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)}s`;
  if (ms < 60_000) return `${Math.round(ms / 1_000)}s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)}m`;
  return `${(ms / 3_600_000).toFixed(1)}h`;
}
