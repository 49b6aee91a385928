import { context, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { isFailed, isOver } from '../../machines/job/written-state.ts';
import type { StoredJournalEntry } from '../store/tables/journal.ts';
import { topState } from './overview.js';

/**
 * One trace for each job, and in it one span for each phase. Without an OpenTelemetry SDK in the process
 * (`node --import …`) neither the API nor this class does anything.
 */
export class PhaseSpans {
  readonly #tracer = trace.getTracer('jeballto-runner');
  readonly #open = new Map<string, { job: Span; phase: Span; state: string }>();

  add({ kind, actor, at, to, jobId, attempt, host, detail, changed }: StoredJournalEntry): void {
    if (kind !== undefined) return;
    const state = topState(to);
    const before = this.#open.get(actor);
    if (before?.state === state) return;
    const job =
      before?.job ??
      this.#tracer.startSpan(`job ${jobId}`, {
        startTime: at,
        attributes: {
          'jeballto.job.id': jobId,
          ...(changed?.job && { 'vcs.repository.name': `${changed.job.owner}/${changed.job.repository}` }),
        },
      });
    if (before && detail)
      before.phase.setStatus({ code: SpanStatusCode.ERROR, message: String(detail.code) });
    before?.phase.end(at);
    if (isOver(state)) {
      if (isFailed(state)) job.setStatus({ code: SpanStatusCode.ERROR, message: String(detail?.code) });
      job.end(at);
      this.#open.delete(actor);
      return;
    }
    const attributes = { 'jeballto.attempt': attempt, ...(host !== null && { 'host.name': host }) };
    const phase = this.#tracer.startSpan(
      state,
      { startTime: at, attributes },
      trace.setSpan(context.active(), job),
    );
    this.#open.set(actor, { job, phase, state });
  }
}
