import { html, nothing } from '/lib/lit-html/lit-html.js';
import { clock, moment, span, webAddress } from '../../format.js';
import { attemptsOf } from '../../journal/story/attempts.js';
import { callLine, effectOf, eventWords, lineOf } from '../../journal/story/entry-words.js';
import { contextOf, verdictOf } from '../../journal/story/verdict.js';
import { moodOf } from '../chart/state-paths.js';
import { sequenceView } from '../sequence/sequence.js';
import { attemptsView } from './attempts-view.js';

/**
 * @typedef {import('../../journal/story/verdict.js').Verdict} Verdict
 * @typedef {import('../../journal/overview.js').Entry} Entry
 * @typedef {import('../chart/chart.js').Stats} Stats
 * @typedef {import('../session/shown-job.js').Story} Story
 * @typedef {import('../session/shown-job.js').Kept} Kept
 *
 * @typedef {object} OrdersView
 * @property {(what: 'cancel' | 'retry' | 'forget') => void} onOrder
 * @property {() => void} onEvidence
 */

/**
 * One job: its state with the reason, its phases compared with the median, and its journal.
 * @param {OrdersView & {
 *   jobId: number,
 *   entries: Entry[],
 *   story: Story | null,
 *   stats: Stats,
 *   now: number,
 *   isPast: boolean,
 *   isReplay: boolean,
 *   onClose: () => void,
 *   onTravel: (at: number) => void,
 *   sequence: Pick<import('../sequence/sequence.js').SequenceView, 'entries' | 'around' | 'onLive'>,
 * }} view `entries` up to the moment that is shown
 */
export function jobView({
  jobId,
  entries,
  story,
  stats,
  now,
  isPast,
  isReplay,
  onClose,
  onTravel,
  sequence,
  ...orders
}) {
  const { context, last } = contextOf(entries);
  const job = context.job;
  const verdict = verdictOf(entries, now);
  const address = webAddress(job?.url);
  const isOver = isAtEnd(verdict);
  return html`
    <section class="panel job" aria-labelledby="job-title">
      <header>
        <div class="heading">
          <h2 id="job-title" title=${job?.name ?? ''}>${job?.name || `Job ${jobId}`}</h2>
          <p class="sub">${job ? html`${job.owner}/${job.repository} · ${job.workflow} · ${jobId} · ${job.labels.join(', ')}` : jobId}
            ${address ? html`· <a href=${address} target="_blank" rel="noopener noreferrer">at GitHub ↗</a>` : nothing}</p>
        </div>
        <button class="quiet" @click=${onClose} aria-label="Close the job">✕</button>
      </header>
      ${verdictView({ verdict, context, story: isPast ? null : story, now, canOrder: !isPast && !isReplay, ...orders })}
      ${attemptsView(attemptsOf(entries), stats, now, isOver && last ? last.at : now)}
      ${sequenceView({ jobId, now, isPast, onTravel, ...sequence })}
      ${keptView(story?.kept ?? [])}
      <h3>What happened</h3>
      <ol class="story">${entries.map((entry, index) => entryView(entry, entries[index + 1]?.at ?? null, onTravel))}</ol>
      <details class="context"><summary>Context at this moment</summary><pre tabindex="0">${JSON.stringify(context, null, 2)}</pre></details>
    </section>`;
}

/** @param {Verdict} verdict */
const isAtEnd = ({ outcome }) => outcome !== 'waiting' && outcome !== 'underWay';

/**
 * The state of the job in one sentence, with its cause, who must act and what comes next.
 * @param {OrdersView & {
 *   verdict: Verdict,
 *   context: ReturnType<typeof contextOf>['context'],
 *   story: Story | null,
 *   now: number,
 *   canOrder: boolean,
 * }} view
 */
function verdictView({ verdict, context, story, now, canOrder, onOrder, onEvidence }) {
  const { vm } = context;
  const waiting = story?.waiting;
  const isOver = isAtEnd(verdict);
  return html`
    <div class="verdict ${verdict.mood}" role="status">
      <p class="headline">${waiting && verdict.mood === 'waiting' && !vm ? waiting.sentence : verdict.headline}</p>
      ${verdict.cause ? html`<p class="cause">${verdict.cause}</p>` : nothing}
      <dl>
        ${fact('Who must act', verdict.act)}
        ${waiting ? fact('What frees it', `${waiting.frees}${waiting.position ? ` Place ${waiting.position} in the queue.` : ''}`) : nothing}
        ${fact('Next', verdict.next)}
        ${fact('VM', vm && `${vm.name} on ${vm.host}${isOver ? ', removed' : vm.runnerVersion ? `, runner ${vm.runnerVersion}` : ''}`)}
        ${(story?.effects ?? []).map((run) => {
          const call = run.calls.at(-1);
          const last = call ? `; last: ${callLine(call)}` : '';
          return fact('Under way', `${run.effect} for ${span(now - run.startedAt)}${last}`);
        })}
        ${fact('Progress', story?.live[0]?.progress)}
      </dl>
      <div class="actions">
        ${canOrder && !isOver ? html`<button class="danger" @click=${() => onOrder('cancel')}>Cancel its VM</button>` : nothing}
        ${canOrder && !isOver && vm ? html`<button class="danger" @click=${() => onOrder('forget')}>Forget its record</button>` : nothing}
        ${canOrder && verdict.mood === 'waiting' ? html`<button @click=${() => onOrder('retry')}>Retry now</button>` : nothing}
        ${canOrder && verdict.mood === 'failed' ? html`<button @click=${() => onOrder('retry')}>Serve again</button>` : nothing}
        <button class="link" @click=${() => onEvidence()}>Evidence file${story?.evidence.length ? ` (${story.evidence.length} kept)` : ''}</button>
      </div>
    </div>`;
}

/** @param {string} name @param {string | null | undefined} text */
function fact(name, text) {
  return text ? html`<dt>${name}</dt><dd>${text}</dd>` : nothing;
}

/** @param {Entry} entry @param {number | null} nextAt epoch ms of the next entry @param {(at: number) => void} onTravel */
function entryView(entry, nextAt, onTravel) {
  const { kind, at, detail, event, notYet } = entry;
  const when = html`<button class="time" title="Show this moment: ${moment(at)}" @click=${() => onTravel(at)}>${clock(at)}</button>`;
  const effect = effectOf(entry);
  if (effect) {
    return html`<li class="effect ${/^[A-Z]/.test(effect.outcome) ? 'warn' : ''}">${when}
      <details><summary>${lineOf(entry)}</summary>
        <ul class="calls">${effect.calls.map((call) => html`<li>${callLine(call)}</li>`)}${effect.more > 0 ? html`<li>and ${effect.more} more</li>` : nothing}</ul>
      </details></li>`;
  }
  const retry = entry.changed?.phase;
  const isWaiting = /waiting|blocked/.test(entry.to) && retry !== undefined && retry.nextTryAt > at;
  const mood = kind === 'order' ? 'order' : notYet ? 'busy' : moodOf({ state: entry.to, context: {} });
  return html`<li class="step ${mood}">${when}
    <div><span class="line">${kind ? lineOf(entry) : html`<strong title=${event}>${eventWords(event)}</strong> ${entry.from || 'new'} → ${entry.to}`}</span>
      ${detail?.code ? html`<p class="cause">${detail.code}: ${detail.message}</p>` : nothing}
      ${notYet ? html`<p class="sub">${notYet}</p>` : nothing}
      ${isWaiting ? html`<p class="sub">waits until ${clock(retry.nextTryAt)} (${span(retry.nextTryAt - at)}), then try ${retry.tries + 1}</p>` : nothing}
      ${nextAt === null ? nothing : html`<p class="unseen">for ${span(nextAt - at)}</p>`}
    </div></li>`;
}

/** The saved evidence of failed attempts. @param {Kept[]} kept */
function keptView(kept) {
  if (kept.length === 0) return nothing;
  return html`<h3>Evidence</h3>${kept.map(
    ({ attempt, at, vmName, screen, logs, agentEvents, missing }) => html`
      <details class="kept"><summary>Attempt ${attempt}, saved at ${moment(at)} from ${vmName}</summary>
        ${screen ? html`<img src="data:image/png;base64,${screen}" alt="The guest's screen when attempt ${attempt} ended">` : nothing}
        ${Object.entries(logs).map(([name, text]) => html`<h4>${name}</h4><pre tabindex="0">${text}</pre>`)}
        ${agentEvents.length > 0 ? html`<h4>Agent's events</h4><pre tabindex="0">${agentEvents.map((event) => JSON.stringify(event)).join('\n')}</pre>` : nothing}
        ${missing.length > 0 ? html`<p class="sub">Missing: ${missing.join('; ')}</p>` : nothing}
      </details>`,
  )}`;
}
