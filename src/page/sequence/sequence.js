import { guard } from '/lib/lit-html/directives/guard.js';
import { ref } from '/lib/lit-html/directives/ref.js';
import { repeat } from '/lib/lit-html/directives/repeat.js';
import { html, nothing } from '/lib/lit-html/lit-html.js';
import { clock, counted, moment } from '../../format.js';
import { callLine, effectOf } from '../../journal/story/entry-words.js';
import { lanesView } from './lanes.js';
import { stepper } from './stepper.js';
import { sequenceOf } from './steps.js';

/**
 * @typedef {import('../../journal/overview.js').Entry} Entry
 * @typedef {import('./steps.js').Lane} Lane
 * @typedef {import('./steps.js').Step} Step
 *
 * @typedef {object} SequenceView
 * @property {number} jobId
 * @property {Entry[]} entries all of the job's, also later ones than the moment that is shown
 * @property {Entry[]} around it: of its hosts, webhooks, breakers and the daemon
 * @property {number} now epoch ms of the moment that is shown
 * @property {boolean} isPast
 * @property {(at: number) => void} onTravel shows another moment everywhere
 * @property {() => void} onLive shows the present again
 */

/** Steps that are drawn before the present one, and after it. */
const MOST_AROUND = 100;

/**
 * The events between a job's actors, GitHub, its host, the guest, webhooks and breakers, one row each. Buttons and
 * keys step through them, and the whole page shows the moment of the present one. In the present it follows new events.
 * @param {SequenceView} view
 */
export function sequenceView({ jobId, entries, around, now, isPast, onTravel, onLive }) {
  const { lanes, steps } = sequenceOf(entries, around);
  const present = stepper.show({ jobId, steps, now, isPast, onTravel, onLive });
  const first = Math.max(0, present - MOST_AROUND);
  const end = Math.min(steps.length, Math.max(present, 0) + MOST_AROUND + 1);
  return html`
    <div class="sequence">
      <p class="sub">${counted(steps.length, 'event')} between ${counted(lanes.length, 'actor')}</p>
      <div class="stepping" role="group" aria-label="Steps">
        <button ?disabled=${present <= 0} @click=${() => stepper.step(-1)} title="Keys: ← or k">← Previous</button>
        <button ?disabled=${!isPast} @click=${() => stepper.step(1)} title="Keys: → or j">Next →</button>
        <output>${steps.length === 0 ? 'No event yet' : `Event ${present + 1} of ${steps.length}`}</output>
        ${isPast ? html`<button @click=${() => stepper.live()}>Follow live</button>` : html`<span class="sub">follows new events</span>`}
      </div>
      <div class="rows" tabindex="0" role="region" aria-label="Events in their order" .style=${`--lanes: ${lanes.length}`}>
        ${guard([steps, present], () => [
          html`<div class="lane-names" aria-hidden="true"><div class="lanes">${lanes.map(({ name, title }) => html`<span title=${title}>${name}</span>`)}</div></div>`,
          moreView(first, 'earlier'),
          html`<ol>${repeat(
            steps.slice(first, end),
            ({ seq }) => seq,
            (step, index) => stepView(step, lanes, first + index - present),
          )}</ol>`,
          moreView(steps.length - end, 'later'),
        ])}
      </div>
    </div>`;
}

/** @param {number} count @param {'earlier' | 'later'} where */
function moreView(count, where) {
  return count > 0
    ? html`<p class="sub">${counted(count, `${where} event`)}: step there to see more.</p>`
    : nothing;
}

/** @param {Step} step @param {Lane[]} lanes @param {number} distance from the present step: 0 for it, more for later ones */
function stepView(step, lanes, distance) {
  const { at, sentence, entry, mood } = step;
  const { event, from, to, detail, host, actor } = entry;
  const calls = effectOf(entry)?.calls ?? [];
  const isNow = distance === 0;
  return html`<li class="event ${mood} ${isNow ? 'present' : distance > 0 ? 'later' : ''}" aria-current=${isNow ? 'step' : nothing} ${ref(isNow ? reveal : undefined)}>
    <button class="time" title="Show this moment: ${moment(at)}" @click=${() => stepper.choose(step)}>${clock(at)}</button>
    ${lanesView(step, lanes)}
    <div class="said"><p>${sentence}<span class="unseen"> ${waysWords(step, lanes)}</span></p>
      <details><summary aria-label="Identifiers of ${event}">${event}</summary>
        <p>${from || to ? `${from || 'new'} → ${to}` : ''} ${detail?.code ?? ''} ${host ?? ''} ${actor}, entry ${entry.seq}</p>
        ${calls.length > 0 ? html`<ul>${calls.map((call) => html`<li>${callLine(call)}</li>`)}</ul>` : nothing}
      </details></div>
  </li>`;
}

/** The arrow in words. @param {Step} step @param {Lane[]} lanes */
function waysWords({ from, to }, lanes) {
  /** @param {string} id */
  const nameOf = (id) => lanes.find((lane) => lane.id === id)?.name ?? '';
  return to.length > 0 ? `(${nameOf(from)} to ${to.map(nameOf).join(' and ')})` : `(${nameOf(from)})`;
}

/** Scrolls the rows, and only them, to the present one. @param {Element | undefined} row */
function reveal(row) {
  if (!row) return;
  requestAnimationFrame(() => {
    const rows = row.closest('.rows');
    if (!rows) return;
    const [inner, outer] = [row.getBoundingClientRect(), rows.getBoundingClientRect()];
    const head = 40;
    if (inner.top < outer.top + head) rows.scrollTop += inner.top - outer.top - head;
    else if (inner.bottom > outer.bottom) rows.scrollTop += inner.bottom - outer.bottom + 8;
  });
}
