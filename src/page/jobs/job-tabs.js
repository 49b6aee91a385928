import { html, nothing } from '/lib/lit-html/lit-html.js';
import { clock, moment, span } from '../../format.js';
import { callLine, effectOf, eventWords, lineOf } from '../../journal/story/entry-words.js';
import { moodOf } from '../chart/state-paths.js';
import { keptView } from '../look/kept-view.js';
import { lookView } from '../look/look-view.js';
import { sequenceView } from '../sequence/sequence.js';
import { TABS } from './tabs.js';

/**
 * What is known of a job beyond its verdict and its attempts, behind tabs.
 *
 * @typedef {import('../../journal/overview.js').Entry} Entry
 * @typedef {import('../session/shown-job.js').Kept} Kept
 * @typedef {import('./tabs.js').Tab} Tab
 *
 * @typedef {object} TabsView
 * @property {Tab} tab that is open
 * @property {Entry[]} entries
 * @property {Kept[]} kept
 * @property {object} context
 * @property {import('../sequence/sequence.js').SequenceView} sequence
 * @property {Omit<import('../look/look-view.js').LookView, 'kept' | 'canSee'>} looking
 * @property {boolean} canSave the evidence
 * @property {(tab: Tab) => void} onTab
 * @property {(at: number) => void} onTravel
 */

/** @param {TabsView} view */
export function tabsView({ tab, entries, kept, context, sequence, looking, canSave, onTab, onTravel }) {
  const calls = entries.filter((entry) => effectOf(entry) !== null);
  const counts = { history: 0, sequence: 0, look: 0, calls: calls.length, evidence: kept.length, context: 0 };
  return html`
    <div class="tabs" role="tablist" aria-label="More about the job" @keydown=${(/** @type {KeyboardEvent} */ event) => move(event, tab, onTab)}>
      ${TABS.map(
        ([
          name,
          label,
        ]) => html`<button role="tab" id="tab-${name}" aria-controls="job-tab" aria-selected=${name === tab ? 'true' : 'false'}
          tabindex=${name === tab ? '0' : '-1'} @click=${() => onTab(name)}>${label}${counts[name] > 0 ? html` <span class="n">${counts[name]}</span>` : nothing}</button>`,
      )}
    </div>
    <div id="job-tab" role="tabpanel" aria-labelledby="tab-${tab}" tabindex="0">
      ${tab === 'history' ? historyView(entries, onTravel) : nothing}
      ${tab === 'sequence' ? sequenceView(sequence) : nothing}
      ${tab === 'look' ? lookView({ ...looking, kept, canSee: canSave }) : nothing}
      ${tab === 'calls' ? callsView(calls, onTravel) : nothing}
      ${tab === 'evidence' ? keptView(kept, canSave) : nothing}
      ${tab === 'context' ? html`<pre>${JSON.stringify(context, null, 2)}</pre>` : nothing}
    </div>`;
}

/** Arrow keys, Home and End choose a tab. @param {KeyboardEvent} event @param {Tab} tab @param {TabsView['onTab']} onTab */
function move(event, tab, onTab) {
  const at = TABS.findIndex(([name]) => name === tab);
  const last = TABS.length - 1;
  const steps = {
    ArrowRight: at === last ? 0 : at + 1,
    ArrowLeft: at === 0 ? last : at - 1,
    Home: 0,
    End: last,
  };
  if (!(event.key in steps)) return;
  event.preventDefault();
  const [next] = TABS[steps[/** @type {keyof typeof steps} */ (event.key)]] ?? [];
  if (!next) return;
  onTab(next);
  document.getElementById(`tab-${next}`)?.focus();
}

/** @param {number} at @param {(at: number) => void} onTravel */
function timeView(at, onTravel) {
  return html`<button class="time" title="Show this moment: ${moment(at)}" @click=${() => onTravel(at)}>${clock(at)}</button>`;
}

/** Transitions and orders; the calls have a tab of their own. @param {Entry[]} entries @param {(at: number) => void} onTravel */
function historyView(entries, onTravel) {
  const steps = entries.filter((entry) => effectOf(entry) === null);
  if (steps.length === 0) return html`<p class="sub">Nothing happened yet.</p>`;
  return html`<ol class="story">${steps.map((entry, index) => stepView(entry, steps[index + 1]?.at ?? null, onTravel))}</ol>`;
}

/** @param {Entry} entry @param {number | null} nextAt epoch ms of the next step @param {(at: number) => void} onTravel */
function stepView(entry, nextAt, onTravel) {
  const { kind, at, detail, event, notYet, to: state, end } = entry;
  const retry = entry.changed?.phase;
  const isWaiting = /waiting|blocked/.test(entry.to) && retry !== undefined && retry.nextTryAt > at;
  const mood =
    kind === 'order' ? 'order' : notYet ? 'busy' : moodOf({ state, context: {}, ...(end && { end }) });
  return html`<li class="step ${mood}">${timeView(at, onTravel)}
    <div><span class="line">${kind ? lineOf(entry) : html`<strong title=${event}>${eventWords(event)}</strong> <span class="path">${entry.from || 'new'} → ${entry.to}</span>`}</span>
      ${detail?.code ? html`<p class="cause">${detail.code}: ${detail.message}</p>` : nothing}
      ${notYet ? html`<p class="sub">${notYet}</p>` : nothing}
      ${isWaiting ? html`<p class="sub">waits until ${clock(retry.nextTryAt)} (${span(retry.nextTryAt - at)}), then try ${retry.tries + 1}</p>` : nothing}
      ${nextAt === null ? nothing : html`<p class="unseen">for ${span(nextAt - at)}</p>`}
    </div></li>`;
}

/** Each effect with its calls. @param {Entry[]} effects @param {(at: number) => void} onTravel */
function callsView(effects, onTravel) {
  if (effects.length === 0) return html`<p class="sub">No call was made for this job yet.</p>`;
  return html`<ol class="story">${effects.map((entry) => {
    const { outcome, calls, more } = effectOf(entry) ?? { outcome: '', calls: [], more: 0 };
    return html`<li class="effect ${/^[A-Z]/.test(outcome) ? 'warn' : ''}">${timeView(entry.at, onTravel)}
      <div><span class="line">${lineOf(entry)}</span>
        <ul class="calls">${calls.map((call) => html`<li>${callLine(call)}</li>`)}${more > 0 ? html`<li>and ${more} more</li>` : nothing}</ul>
      </div></li>`;
  })}</ol>`;
}
