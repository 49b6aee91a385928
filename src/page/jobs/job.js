import { html, nothing, svg } from '/lib/lit-html/lit-html.js';
import { clock, moment, span, webAddress } from '../../format.js';
import { callLine, contextOf, lineOf, phasesOf, verdictOf } from '../../journal/story.js';
import { moodOf } from '../chart/chart.js';

/** One job: how it stands and why, its phases against the median, and everything that its journal says. */
export function jobView({ jobId, entries, story, stats, now, isPast, isReplay, onClose, onOrder, onTravel }) {
  const shown = entries.filter(({ at }) => at <= now + 1);
  const { context, last } = contextOf(shown);
  const job = context.job;
  const verdict = verdictOf(shown, now);
  const address = webAddress(job?.url);
  const isOver = verdict.mood === 'failed' || verdict.mood === 'done';
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
      ${verdictView({ verdict, context, story: isPast ? null : story, now, canOrder: !isPast && !isReplay, onOrder })}
      ${waterfallView(phasesOf(shown), stats, now, isOver ? last.at : now)}
      ${keptView(story?.kept)}
      <h3>What happened</h3>
      <ol class="story">${shown.map((entry, index) => entryView(entry, shown[index + 1]?.at ?? null, onTravel))}</ol>
      <details class="context"><summary>Context at this moment</summary><pre tabindex="0">${JSON.stringify(context, null, 2)}</pre></details>
    </section>`;
}

/** The answer to "why, and what now": one sentence, its cause, who has to act, what comes next. */
function verdictView({ verdict, context, story, now, canOrder, onOrder }) {
  const { vm } = context;
  const waiting = story?.waiting;
  const isOver = verdict.mood === 'failed' || verdict.mood === 'done';
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
          const last = run.calls.length > 0 ? `; last: ${callLine(run.calls.at(-1))}` : '';
          return fact('Under way', `${run.effect} for ${span(now - run.startedAt)}${last}`);
        })}
        ${fact('Progress', story?.live?.[0]?.progress)}
      </dl>
      <div class="actions">
        ${canOrder && !isOver ? html`<button class="danger" @click=${() => onOrder('cancel')}>Cancel its VM</button>` : nothing}
        ${canOrder && verdict.mood === 'waiting' ? html`<button @click=${() => onOrder('retry')}>Retry now</button>` : nothing}
        ${canOrder && verdict.mood === 'failed' ? html`<button @click=${() => onOrder('retry')}>Serve again</button>` : nothing}
        <button class="link" @click=${() => onOrder('evidence')}>Evidence file${story?.evidence?.length ? ` (${story.evidence.length} kept)` : ''}</button>
      </div>
    </div>`;
}

function fact(name, text) {
  return text ? html`<dt>${name}</dt><dd>${text}</dd>` : nothing;
}

/** Bars of the stays in each state; beneath each the median, so that what is slow sticks out. */
function waterfallView(phases, stats, now, end) {
  if (phases.length === 0) return nothing;
  const bars = phases.filter(({ state }) => state !== 'done' && state !== 'failed');
  const start = phases[0].from;
  const whole = Math.max(1, end - start);
  const share = (ms) => `${((ms / whole) * 100).toFixed(2)}%`;
  return html`
    <h3>Phases <span class="sub">${span(whole)} in all; the thin line is the median</span></h3>
    <div class="scroll" tabindex="0" role="region" aria-label="Phases"><table class="waterfall">
      <thead class="unseen"><tr><th>Phase</th><th>When</th><th>Stay</th><th>Median</th></tr></thead>
      <tbody>${bars.map((phase) => {
        const ms = (phase.to ?? now) - phase.from;
        const median = stats[phase.state]?.median ?? 0;
        const isSlow = median > 0 && ms > 2 * (stats[phase.state]?.p95 ?? median) && ms > 1_000;
        return html`<tr class=${phase.failures > 0 || isSlow ? 'slow' : ''}>
          <th scope="row">${phase.state}${phase.attempt > 1 ? html` <span class="sub">#${phase.attempt}</span>` : nothing}</th>
          <td class="bar"><svg width="100%" height="20" role="img" aria-label="${phase.state} from ${clock(phase.from)} for ${span(ms)}">
            ${svg`<rect class="track" x="0" y="9" width="100%" height="1"></rect>
              <rect class=${`stay ${phase.failures > 0 ? 'warn' : phase.to === null ? 'now' : ''}`} x=${share(phase.from - start)} y="3" width=${share(ms)} height="9" rx="2"></rect>
              <rect class="median" x=${share(phase.from - start)} y="15" width=${share(Math.min(median, whole))} height="2"></rect>`}
          </svg></td>
          <td class="num">${span(ms)}</td>
          <td class="num sub">${median > 0 ? span(median) : ''}${phase.failures > 0 ? html` <span class="warn-text">${phase.failures} ✕</span>` : nothing}</td>
        </tr>`;
      })}</tbody>
    </table></div>`;
}

function entryView(entry, nextAt, onTravel) {
  const { kind, at, detail, event } = entry;
  const when = html`<button class="time" title="Show this moment: ${moment(at)}" @click=${() => onTravel(at)}>${clock(at)}</button>`;
  if (kind === 'effect') {
    const calls = detail.calls ?? [];
    return html`<li class="effect ${/^[A-Z]/.test(detail.outcome) ? 'warn' : ''}">${when}
      <details><summary>${lineOf(entry)}</summary>
        <ul class="calls">${calls.map((call) => html`<li>${callLine(call)}</li>`)}${detail.more ? html`<li>and ${detail.more} more</li>` : nothing}</ul>
      </details></li>`;
  }
  const retry = entry.changed?.phase;
  const isWait = /waiting|blocked/.test(entry.to) && retry?.nextTryAt > at;
  const mood = kind === 'order' ? 'order' : moodOf({ state: entry.to, context: {} });
  return html`<li class="step ${mood}">${when}
    <div><span class="line">${kind ? lineOf(entry) : html`<strong>${event}</strong> ${entry.from || 'new'} → ${entry.to}`}</span>
      ${detail?.code ? html`<p class="cause">${detail.code}: ${detail.message}</p>` : nothing}
      ${isWait ? html`<p class="sub">waits until ${clock(retry.nextTryAt)} (${span(retry.nextTryAt - at)}), then try ${retry.tries + 1}</p>` : nothing}
      ${nextAt === null ? nothing : html`<p class="unseen">for ${span(nextAt - at)}</p>`}
    </div></li>`;
}

/** The evidence that was saved of attempts that failed. */
function keptView(kept) {
  if (!kept || kept.length === 0) return nothing;
  return html`<h3>Evidence</h3>${kept.map(
    ({ attempt, at, vmName, screen, logs, agentEvents, missing }) => html`
      <details class="kept"><summary>Attempt ${attempt}, saved at ${moment(at)} from ${vmName}</summary>
        ${screen ? html`<img src="data:image/png;base64,${screen}" alt="The guest's screen when attempt ${attempt} ended">` : nothing}
        ${Object.entries(logs ?? {}).map(([name, text]) => html`<h4>${name}</h4><pre tabindex="0">${text}</pre>`)}
        ${agentEvents?.length ? html`<h4>Agent's events</h4><pre tabindex="0">${agentEvents.map((event) => JSON.stringify(event)).join('\n')}</pre>` : nothing}
        ${missing?.length ? html`<p class="sub">Not to be had: ${missing.join('; ')}</p>` : nothing}
      </details>`,
  )}`;
}
