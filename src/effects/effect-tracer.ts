import { AsyncLocalStorage } from 'node:async_hooks';
import { failureOf } from '../../machines/failure.ts';
import { type OutgoingCall, onCallEnd } from '../call-trace.ts';
import type { Clock } from '../clock.ts';

/** A call of an effect; several alike in a row are one, since a pull is asked after for half an hour. */
export interface EffectCall extends OutgoingCall {
  /** Epoch ms of the first one's end. */
  at: number;
  times: number;
}

/** One run of one effect, as the journal keeps it. */
export interface EffectRun {
  /** Key of the job's actor. */
  actor: string;
  effect: string;
  /** Epoch ms. */
  startedAt: number;
  /** Epoch ms; null while it runs. */
  endedAt: number | null;
  /** `done`, a failure's code, or `abandoned` when its state was left first. */
  outcome: string | null;
  calls: EffectCall[];
  /** Calls beyond those that are kept. */
  more: number;
}

/** Different calls of one run that are kept. */
const MOST_CALLS = 24;

/** Remembers which effect makes which calls, so that a job's story can tell them. */
export class EffectRuns {
  readonly #clock: Clock;
  readonly #onEnd: (run: EffectRun) => void;
  readonly #current = new AsyncLocalStorage<EffectRun>();
  readonly #running = new Set<EffectRun>();
  #unlisten = () => {};

  constructor(clock: Clock, onEnd: (run: EffectRun) => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  listen(): void {
    this.#unlisten = onCallEnd(this.#clock, this.#note);
  }

  /** Nothing is told any more: what ends after this has no journal to go to. */
  stop(): void {
    this.#unlisten();
    this.#running.clear();
  }

  async track<T>(actor: string, effect: string, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    const startedAt = this.#clock.now();
    const run: EffectRun = { actor, effect, startedAt, endedAt: null, outcome: null, calls: [], more: 0 };
    this.#running.add(run);
    try {
      const result = await this.#current.run(run, act);
      this.#end(run, signal.aborted ? 'abandoned' : 'done');
      return result;
    } catch (error) {
      this.#end(run, signal.aborted ? 'abandoned' : failureOf(error).code);
      throw error;
    }
  }

  /** What an actor's effects are at now. */
  of(actor: string): EffectRun[] {
    return [...this.#running].filter((run) => run.actor === actor);
  }

  #end(run: EffectRun, outcome: string): void {
    if (!this.#running.delete(run)) return;
    run.endedAt = this.#clock.now();
    run.outcome = outcome;
    this.#onEnd(run);
  }

  #note = (call: OutgoingCall) => {
    const run = this.#current.getStore();
    if (!run || run.endedAt !== null) return;
    const last = run.calls.at(-1);
    if (last && isAlike(last, call)) {
      last.times += 1;
      last.ms += call.ms;
    } else if (run.calls.length < MOST_CALLS) {
      run.calls.push({ ...call, at: this.#clock.now(), times: 1 });
    } else {
      run.more += 1;
    }
  };
}

function isAlike(one: OutgoingCall, other: OutgoingCall): boolean {
  return one.method === other.method && one.route === other.route && one.status === other.status;
}
