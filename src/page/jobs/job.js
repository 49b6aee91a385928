import { html, nothing } from '/lib/lit-html/lit-html.js';
import { span, webAddress } from '../../format.js';
import { attemptsOf } from '../../journal/story/attempts.js';
import { contextOf } from '../../journal/story/contexts.js';
import { callLine, effectWords } from '../../journal/story/entry-words.js';
import { originOf } from '../../journal/story/origin.js';
import { verdictOf } from '../../journal/story/verdict.js';
import { holdEndWords } from '../../journal/words/hold-words.js';
import { addressOf } from '../frame/address.js';
import { whyNoLook } from '../look/why-no-look.js';
import { attemptsView } from './attempts-view.js';
import { tabsView } from './job-tabs.js';

/**
 * @typedef {import('../../journal/story/verdict.js').Verdict} Verdict
 * @typedef {import('../../journal/overview.js').Entry} Entry
 * @typedef {import('../chart/chart.js').Stats} Stats
 * @typedef {import('../session/shown-job.js').Story} Story
 * @typedef {'cancel' | 'giveUp' | 'retry' | 'serve' | 'forget' | 'hold' | 'release'} JobOrder
 *
 * @typedef {object} JobView
 * @property {import('../session/shown-job.js').ShownJob} job
 * @property {Entry[]} entries up to the moment that is shown
 * @property {Stats} stats empty for the past, which has no figures
 * @property {number} now epoch ms
 * @property {boolean} isPast
 * @property {import('./tabs.js').Tab} tab
 * @property {boolean} canOrder
 * @property {import('../session/session.js').Session['role']} role
 * @property {import('../session/session.js').Session['mode']} mode
 * @property {boolean} canSave the evidence
 * @property {string} list address of the list
 * @property {(tab: import('./tabs.js').Tab) => void} onTab
 * @property {(what: JobOrder, name: string) => void} onOrder
 * @property {() => void} onEvidence
 * @property {(what: import('../look/why-no-look.js').Look, vmName: string) => void} onLook
 * @property {(isFull: boolean) => void} onFull
 * @property {(at: number) => void} onTravel
 */

/**
 * One job: why it is in its state, who must act, what is next; its attempts with their phases; and behind tabs what
 * happened, its sequence, the calls, the evidence and the context.
 * @param {JobView & { onList: () => void, onLive: () => void }} view `onLive` shows the present again
 */
export function jobView({ job: shown, entries, list, onList, onLive, ...view }) {
  const { stats, now, isPast } = view;
  const { id, isLoaded } = shown;
  const { context, last } = contextOf(entries);
  const story = isPast ? null : shown.story;
  const job = context.job ?? story?.unserved ?? undefined;
  const verdict = verdictOf(entries, now, story);
  const address = webAddress(job?.url);
  const isOver = verdict.outcome !== 'waiting' && verdict.outcome !== 'underWay';
  const kept = (shown.story?.kept ?? []).filter(({ at }) => at <= now + 1);
  const { onTravel } = view;
  const { around } = shown;
  const looking = {
    look: shown.look,
    whyNot: whyNoLook({
      // The one that is held may be of an earlier attempt.
      ...(story?.held
        ? { context: { ...context, vm: story.held.vm }, state: 'tearingDown' }
        : { context, state: last?.to ?? '' }),
      ...{ isPast, role: view.role, mode: view.mode },
    }),
    isOver: view.mode === 'replay' || (!isLive(last) && !isPast),
    onLook: (/** @type {import('../look/why-no-look.js').Look} */ what) =>
      view.onLook(what, context.vm?.name ?? ''),
    onFull: view.onFull,
  };
  const sequence = { jobId: id, entries: shown.entries, around, now, isPast, onTravel, onLive };
  /** @param {MouseEvent} event */
  const close = (event) => {
    event.preventDefault();
    onList();
  };
  return html`
    <section class="panel job" aria-labelledby="job-title">
      <header>
        <a class="back" href=${list} @click=${close}>‹ Jobs</a>
        <div class="heading">
          <h2 id="job-title" data-heading tabindex="-1" title=${job?.name ?? ''}>${job?.name || `Job ${id}`}</h2>
          <p class="sub">${job ? `${job.owner}/${job.repository} · ${job.workflow} · ${job.labels.join(', ')} · ` : ''}${id}</p>
          ${originView(originOf(job, shown.actor))}
        </div>
        <p class="ways">${address ? html`<a href=${address} target="_blank" rel="noopener noreferrer">At GitHub ↗</a>` : nothing}
          ${entries.length > 0 ? html`<a href=${addressOf({ view: 'chart', jobId: id })}>On the chart</a>` : nothing}</p>
        <a class="close" href=${list} @click=${close} aria-label="Close the job">✕</a>
      </header>
      ${
        isLoaded || entries.length > 0
          ? html`${verdictView({ verdict, context, last, story, ...view })}
            ${attemptsView(attemptsOf(entries), stats, now, isOver && last ? last.at : now)}
            ${tabsView({ entries, kept, context, sequence, looking, ...view })}`
          : html`<p class="boot" role="status">Loading…</p>`
      }
    </section>`;
}

/** @param {import('../../journal/story/origin.js').OriginPart[]} parts */
function originView(parts) {
  if (parts.length === 0) return nothing;
  return html`<p class="sub origin">${parts.map(({ label, text, href }) => {
    const what = href
      ? html`<a href=${href} target="_blank" rel="noopener noreferrer">${text}</a>`
      : html`${text}`;
    return html`<span>${label} ${what}</span> `;
  })}</p>`;
}

/**
 * @typedef {object} Told
 * @property {Verdict} verdict
 * @property {ReturnType<typeof contextOf>['context']} context
 * @property {Entry | undefined} last
 * @property {Story | null} story
 *
 * @typedef {Omit<JobView, 'job' | 'entries' | 'list'> & Told} VerdictView
 */

/** The state of the job in one sentence, with its facts and its orders. @param {VerdictView} view */
function verdictView(view) {
  const { verdict, last } = view;
  return html`
    <div class="verdict ${verdict.mood} ${verdict.outcome}" role="status">
      <p class="headline" title=${last?.to ?? ''}>${verdict.headline}</p>
      ${verdict.cause ? html`<p class="cause">${verdict.cause}</p>` : nothing}
      ${factsView(view)}
      ${ordersView(view)}
    </div>`;
}

/** @param {Entry | undefined} last */
const isLive = (last) => last !== undefined && last.to !== 'done' && last.to !== 'failed';

/** Who must act, what comes next, and what the job waits for. @param {VerdictView} view */
function factsView({ verdict, context, last, story, now, canOrder }) {
  const { vm } = context;
  const { next, waits } = verdict;
  return html`<dl>
    ${fact('Who must act', verdict.act)}
    ${fact('Ends the wait', verdict.frees)}
    ${
      next || waits.length > 0
        ? html`<dt>Next</dt> <dd>${next}${waits.length > 0 ? html`<ul class="waits">${waits.map((wait) => html`<li>${wait}</li>`)}</ul>` : nothing}</dd>`
        : nothing
    }
    ${fact('VM', vm && `${vm.name} on ${vm.host}${isLive(last) ? (vm.runnerVersion ? `, runner ${vm.runnerVersion}` : '') : ', removed'}`)}
    ${fact('Get in', canOrder && story?.held ? waysIn(story.jobId, story.held) : '')}
    ${fact('Hold', wantedHold(context.job) || holdEndWords(context.hold))}
    ${(story?.effects ?? []).map((run) => {
      const call = run.calls.at(-1);
      return fact(
        'Under way',
        `${effectWords(run.effect)} for ${span(now - run.startedAt)}${call ? `; last: ${callLine(call)}` : ''}`,
      );
    })}
    ${fact('Progress', story?.live[0]?.progress)}
  </dl>`;
}

/** How a person gets into a VM that is held. @param {number} jobId @param {NonNullable<Story['held']>} held */
function waysIn(jobId, { vm, hold }) {
  const ssh = vm?.address
    ? `SSH at ${vm.address.host}:${vm.address.port} (jeballto-runner ssh ${jobId})`
    : '';
  const vnc = hold?.vnc ? `screen sharing at vnc://${hold.vnc.host}:${hold.vnc.port}` : '';
  return [ssh, vnc].filter(Boolean).join(', ');
}

/** @param {import('../../../machines/job/context.ts').Job | undefined} job */
function wantedHold(job) {
  const order = job?.status === 'completed' ? null : job?.holdOrder;
  return order ? `If it fails, its VM is held for ${span(order.lasts)}, as ${order.by} ordered.` : '';
}

/** @param {VerdictView} view */
function ordersView({ verdict, context, last, story, canOrder, canSave, onOrder, onEvidence }) {
  const { vm, job } = context;
  const canOrderLive = canOrder && isLive(last);
  const kept = story?.evidence.length ?? 0;
  /** @param {JobOrder} what @param {string} label @param {string} [mood] */
  const order = (what, label, mood = '') =>
    html`<button class=${mood} @click=${() => onOrder(what, job?.name ?? '')}>${label}</button>`;
  return html`<div class="actions">
    ${canOrderLive && verdict.mood === 'waiting' ? order('retry', 'Retry now') : nothing}
    ${canOrder && last?.to === 'failed' ? order('serve', 'Serve again') : nothing}
    ${canOrderLive && job?.status !== 'completed' ? order('hold', 'Hold its VM') : nothing}
    ${canOrder && story?.held && !(canOrderLive && job?.status !== 'completed') ? order('hold', 'Hold it longer') : nothing}
    ${canOrder && (story?.held || wantedHold(job)) ? order('release', 'Release its VM') : nothing}
    ${canOrderLive ? (vm ? order('cancel', 'Cancel its VM', 'danger') : order('giveUp', 'Give it up', 'danger')) : nothing}
    ${canOrderLive && vm ? order('forget', 'Forget its record', 'danger') : nothing}
    ${canSave && last ? html`<button class="link" @click=${() => onEvidence()}>Evidence file${kept ? ` (${kept} kept)` : ''}</button>` : nothing}
  </div>`;
}

/** @param {string} name @param {string | null | undefined} text */
function fact(name, text) {
  return text ? html`<dt>${name}</dt> <dd>${text}</dd>` : nothing;
}
