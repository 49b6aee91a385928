import { html, nothing } from '/lib/lit-html/lit-html.js';
import { span } from '../../format.js';
import { statesIn } from './state-paths.js';

/** State names in a description are in backticks. @param {string} description */
const withCode = (description) =>
  description.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part));

/** Occupants of the state that are listed. */
const MOST_LISTED = 12;

/**
 * Everything that a state does and where it leads.
 * @param {{
 *   chart: import('./chart.js').Chart,
 *   path: string,
 *   stats: import('./chart.js').Stats,
 *   occupants: import('./machines.js').Occupant[],
 *   onClose: () => void,
 *   onJob: (jobId: number) => void,
 * }} view
 */
export function statePanel({ chart, path, stats, occupants, onClose, onJob }) {
  const { nodes, transitions } = chart.description;
  const node = nodes.find((one) => one.path === path);
  if (!node) return nothing;
  const own = transitions.filter(({ from }) => from === path || from.startsWith(`${path}.`));
  const stat = stats[path];
  const inside = occupants.filter(({ state }) => statesIn(state).has(path));
  return html`
    <section class="panel state" aria-labelledby="state-title">
      <header>
        <h2 id="state-title">${path.split('.').join(' › ')}</h2>
        <button class="quiet" @click=${onClose} aria-label="Close the state">✕</button>
      </header>
      <div class="body">
      ${node.description ? html`<p>${withCode(node.description)}</p>` : nothing}
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
                .slice(0, MOST_LISTED)
                .map(({ jobId, context }) =>
                  jobId > 0
                    ? html`<button class="link" @click=${() => onJob(jobId)}>${jobId}</button> `
                    : `${context.job?.name ?? ''} `,
                )
        }${inside.length > MOST_LISTED ? `and ${inside.length - MOST_LISTED} more` : nothing}</dd>
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
