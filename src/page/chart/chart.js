import { guard } from '/lib/lit-html/directives/guard.js';
import { repeat } from '/lib/lit-html/directives/repeat.js';
import { html, nothing, svg } from '/lib/lit-html/lit-html.js';
import { span } from '../../format.js';
import { topState } from '../../journal/overview.js';

/** The chart of a machine, as the server laid it out: boxes, arrows, figures. Marks are drawn over it. */
export function chartView({ chart, counts, nouns, stats, lit, selected, onSelect, title }) {
  const { layout } = chart;
  return html`
    <div class="stage"><svg id="chart" class=${lit ? 'chart tracing' : 'chart'} viewBox="0 0 ${layout.width} ${layout.height}"
      data-width=${layout.width} data-height=${layout.height} role="group" aria-label=${title}>
      <defs>
        <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerUnits="userSpaceOnUse" markerWidth="8" markerHeight="8" orient="auto-start-reverse">
          <path d="M0 0.6 L7.4 4 L0 7.4 z"></path>
        </marker>
      </defs>
      <g class="arrows" aria-hidden="true">${guard([layout, lit, selected], () => layout.arrows.map((arrow) => arrowView(arrow, lit, selected)))}</g>
      ${repeat(
        layout.boxes,
        (box) => box.path,
        (box) => boxView(box, { counts, nouns, stats, lit, selected, onSelect }),
      )}
    </svg><canvas id="marks" aria-hidden="true"></canvas><div class="mark-label" aria-hidden="true" hidden></div></div>`;
}

function arrowView({ from, to, points, events }, lit, selected) {
  const isLit = lit?.ways.has(`${from} ${to}`);
  const isTouched = selected !== null && (from === selected || to === selected);
  const line = points
    .map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join(' ');
  return svg`<path d=${line} class=${`arrow${isLit ? ' lit' : ''}${isTouched ? ' touched' : ''}`}
    marker-end="url(#tip)"><title>${`${from} → ${to}: ${events.join(', ')}`}</title></path>`;
}

function boxView(box, { counts, nouns, stats, lit, selected, onSelect }) {
  const { path, name, x, y, width, height, isLeaf, kind, parent } = box;
  const count = counts.get(path) ?? 0;
  const stat = stats[path];
  const isPill = isLeaf && (parent !== '' || kind === 'final');
  const label = labelOf(path, count, nouns, stat);
  const choose = (event) => {
    event.stopPropagation();
    onSelect(path);
  };
  const key = (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    choose(event);
  };
  return svg`
    <g class=${classesOf(box, { isPill, count, lit, selected })} data-path=${path} tabindex="0" role="button" aria-pressed=${selected === path ? 'true' : 'false'} @click=${choose} @keydown=${key}>
      <title>${label.join(', ')}</title>
      <rect x=${x} y=${y} width=${width} height=${height} rx=${isPill ? 6 : 9}></rect>
      ${
        isPill
          ? svg`<text class="name" aria-hidden="true" x=${x + 8} y=${y + (kind === 'final' ? height / 2 + 4 : 11)}>${name}</text>`
          : svg`<text class="name" aria-hidden="true" x=${x + 9} y=${y + 17}>${name}</text>
              <text class="figures" aria-hidden="true" x=${x + 9} y=${y + 32}>${figuresOf(stat)}</text>`
      }
      ${
        count > 0 && (!isPill || kind === 'final')
          ? svg`<text class="count" aria-hidden="true" x=${x + width - 8} y=${y + (kind === 'final' ? height / 2 + 4 : 32.5)} text-anchor="end">${count}</text>`
          : nothing
      }
      ${stat?.failures && !isPill ? failuresView(stat.failures, x + width, y) : nothing}
    </g>`;
}

function failuresView(failures, right, top) {
  return svg`<g class="failures" aria-hidden="true"><rect x=${right - 17} y=${top - 7} width="24" height="14" rx="7"></rect>
    <text x=${right - 5} y=${top + 3.5} text-anchor="middle">${failures > 99 ? '99+' : failures}</text></g>`;
}

function figuresOf(stat) {
  return stat?.stays > 0 ? `${short(stat.median)} · ${short(stat.p95)}` : '';
}

function classesOf({ path, name, kind, parent }, { isPill, count, lit, selected }) {
  const classes = ['box'];
  if (isPill) classes.push('pill');
  if (parent === '') classes.push('top');
  if (kind === 'final') classes.push('final', name);
  if (count > 0) classes.push('inhabited');
  if (lit?.now.has(path)) classes.push('now');
  else if (lit?.trouble.has(path)) classes.push('trouble');
  else if (lit?.past.has(path)) classes.push('past');
  if (selected === path) classes.push('selected');
  return classes.join(' ');
}

/** What a reader of the screen hears, and a pointer shows. */
function labelOf(path, count, [one, many], stat) {
  const label = [path.split('.').join(', '), `${count} ${count === 1 ? one : many}`];
  if (stat?.stays > 0) label.push(`median stay ${span(stat.median)}, 95th percentile ${span(stat.p95)}`);
  if (stat?.failures) label.push(`${stat.failures} failures`);
  return label;
}

/** Fits a small box: `340ms`, `4.2s`, `3m`, `2.1h`. */
function short(ms) {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)}s`;
  if (ms < 60_000) return `${Math.round(ms / 1_000)}s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)}m`;
  return `${(ms / 3_600_000).toFixed(1)}h`;
}

/** How many jobs stand in each state, nested ones included. */
export function countsOf(overview) {
  const counts = new Map();
  const add = (path) => counts.set(path, (counts.get(path) ?? 0) + 1);
  for (const { state } of overview.jobs.values()) for (const path of pathsIn(state)) add(path);
  for (const { state } of overview.ended) add(state);
  return counts;
}

/** `running.busy.watching` is in three states, a parallel one in those of each part. */
export function pathsIn(state) {
  const paths = new Set();
  for (const part of state.split(', ')) {
    const names = part.split('.');
    for (let depth = 1; depth <= names.length; depth += 1) paths.add(names.slice(0, depth).join('.'));
  }
  return paths;
}

/** What of the chart one job has gone through: where it is, was and failed, and on which arrows between. */
export function pathOf(entries) {
  const past = new Set();
  const trouble = new Set();
  const ways = new Set();
  let now = new Set();
  for (const { kind, from, to, detail } of entries) {
    if (kind !== undefined) continue;
    const next = pathsIn(to);
    // At its end a job only repeats its failure.
    if (detail && to !== 'failed') for (const path of pathsIn(from)) trouble.add(path);
    for (const path of now) past.add(path);
    for (const a of now) for (const b of next) if (a !== b && areSiblings(a, b)) ways.add(`${a} ${b}`);
    now = next;
  }
  return { past, now, ways, trouble };
}

function areSiblings(a, b) {
  return a.split('.').slice(0, -1).join('.') === b.split('.').slice(0, -1).join('.');
}

/** All that a state does and where it leads, for the one that is looked at. */
export function stateView({ chart, path, stats, jobs, onClose, onJob }) {
  const { nodes, transitions } = chart.description;
  const node = nodes.find((one) => one.path === path);
  if (!node) return nothing;
  const own = transitions.filter(({ from }) => from === path || from.startsWith(`${path}.`));
  const stat = stats[path];
  const inside = jobs.filter(({ state }) => pathsIn(state).has(path));
  return html`
    <section class="panel state" aria-labelledby="state-title">
      <header>
        <h2 id="state-title">${path.split('.').join(' › ')}</h2>
        <button class="quiet" @click=${onClose} aria-label="Close the state">✕</button>
      </header>
      <div class="body">
      ${node.description ? html`<p>${node.description}</p>` : nothing}
      <dl class="facts">
        ${node.effects.length > 0 ? html`<dt>Effects</dt><dd>${node.effects.join(', ')}</dd>` : nothing}
        ${node.tags.length > 0 ? html`<dt>Tags</dt><dd>${node.tags.join(', ')}</dd>` : nothing}
        ${
          stat
            ? html`<dt>Stay</dt><dd>median ${span(stat.median)}, p95 ${span(stat.p95)} over ${stat.stays}</dd>
              <dt>Failures</dt><dd>${stat.failures}</dd>`
            : nothing
        }
        <dt>Here now</dt>
        <dd>${
          inside.length === 0
            ? 'none'
            : inside
                .slice(0, 12)
                .map(({ jobId, context }) =>
                  jobId > 0
                    ? html`<button class="link" @click=${() => onJob(jobId)}>${jobId}</button> `
                    : `${context.job.name} `,
                )
        }${inside.length > 12 ? `and ${inside.length - 12} more` : nothing}</dd>
      </dl>
      <details open>
        <summary>${own.length} transitions</summary>
        <div class="scroll" tabindex="0" role="region" aria-label="Transitions"><table>
          <thead><tr><th>From</th><th>Event</th><th>If</th><th>To</th></tr></thead>
          <tbody>${own.map(
            ({ from, event, guard, to }) =>
              html`<tr><td>${from}</td><td>${event}</td><td>${guard}</td><td>${to ?? 'stays'}</td></tr>`,
          )}</tbody>
        </table></div>
      </details>
      </div>
    </section>`;
}

/** The box of a job: the innermost state of the first part that is not at its end. */
export function boxOf(job) {
  const parts = job.state.split(', ');
  return parts.find((part) => !part.endsWith('.gone')) ?? parts[0];
}

/** In one word what a mark's colour says. */
export function moodOf({ state, context }) {
  const top = topState(state);
  if (top === 'failed') return 'bad';
  if (top === 'done') return 'good';
  if (/blocked/.test(state)) return 'bad';
  if (/waiting|settling/.test(state) || (top === 'queued' && context.failure)) return 'warn';
  if (top === 'queued') return 'idle';
  if (state.startsWith('running.busy')) return 'good';
  return 'busy';
}
