import { AsyncLocalStorage } from 'node:async_hooks';
import { failureOf } from '../../machines/failure.ts';
import { type OutgoingCall, onCallEnd } from '../call-trace.ts';
import type { Clock } from '../clock.ts';

/**
 * A call of an effect. Equal calls in a row are stored as one with a count, since a pull is polled for half
 * an hour.
 */
export interface TracedCall extends OutgoingCall {
  /** Epoch ms at which the first of them ended. */
  at: number;
  times: number;
}

/** One execution of one effect, as the journal keeps it. */
export interface EffectTrace {
  /** Key of the job's actor. */
  actor: string;
  effect: string;
  /** Epoch ms. */
  startedAt: number;
  /** Epoch ms; null while it is under way. */
  endedAt: number | null;
  /** `done`, a failure's code, or `abandoned` when the machine left its state before the effect ended. */
  outcome: string | null;
  calls: TracedCall[];
  /** Number of calls that were not kept. */
  more: number;
}

const MAX_CALLS_PER_TRACE = 24;

/** One for the process: before Node 24, each instance ever used costs every promise some time and memory. */
const current = new AsyncLocalStorage<EffectTrace>();

/** Attributes each outgoing call to the effect that made it, so that the journal of a job can show its calls. */
export class EffectTracer {
  readonly #clock: Clock;
  readonly #onEnd: (trace: EffectTrace) => void;
  readonly #underWay = new Set<EffectTrace>();
  #unlisten = () => {};

  constructor(clock: Clock, onEnd: (trace: EffectTrace) => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  listen(): void {
    this.#unlisten = onCallEnd(this.#clock, this.#addCall);
  }

  /** Reports no further ends: an effect that ends after this has no journal to be written to. */
  stop(): void {
    this.#unlisten();
    this.#underWay.clear();
  }

  async trace<T>(actor: string, effect: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const startedAt = this.#clock.now();
    const trace: EffectTrace = {
      actor,
      effect,
      startedAt,
      endedAt: null,
      outcome: null,
      calls: [],
      more: 0,
    };
    this.#underWay.add(trace);
    try {
      const result = await current.run(trace, work);
      this.#end(trace, signal.aborted ? 'abandoned' : 'done');
      return result;
    } catch (error) {
      this.#end(trace, signal.aborted ? 'abandoned' : failureOf(error).code);
      throw error;
    }
  }

  /** The effects of an actor that have not ended. */
  underWay(actor: string): EffectTrace[] {
    return [...this.#underWay].filter((trace) => trace.actor === actor);
  }

  #end(trace: EffectTrace, outcome: string): void {
    if (!this.#underWay.delete(trace)) return;
    trace.endedAt = this.#clock.now();
    trace.outcome = outcome;
    this.#onEnd(trace);
  }

  #addCall = (call: OutgoingCall) => {
    const trace = current.getStore();
    if (!trace || trace.endedAt !== null) return;
    const last = trace.calls.at(-1);
    if (last && isSameCall(last, call)) {
      last.times += 1;
      last.ms += call.ms;
    } else if (trace.calls.length < MAX_CALLS_PER_TRACE) {
      trace.calls.push({ ...call, at: this.#clock.now(), times: 1 });
    } else {
      trace.more += 1;
    }
  };
}

function isSameCall(one: OutgoingCall, other: OutgoingCall): boolean {
  return one.method === other.method && one.route === other.route && one.status === other.status;
}
