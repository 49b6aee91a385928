import type { AnyEventObject } from 'xstate';
import type { Clock } from '../clock.ts';
import type { Chronicle } from './journal-writer.ts';
import { eventName } from './transition-entry.ts';

/** A machine that stands beside the jobs is in another state. */
export interface Turn {
  event: AnyEventObject;
  /** Empty for its first state. */
  from: string;
  to: string;
  /** What a page says of it in that state. */
  detail: object;
}

/** Keeps in the journal how webhooks and breakers stand. They forget with the process, and so does what is told. */
export class TurnRecords {
  readonly #chronicle: Chronicle;
  readonly #clock: Clock;

  constructor(chronicle: Chronicle, clock: Clock) {
    this.#chronicle = chronicle;
    this.#clock = clock;
  }

  webhooks(turn: Turn): void {
    this.#chronicle.stands(this.#entry('webhooks', 'webhooks', null, turn));
  }

  breaker(turn: Turn & { detail: { about: string; name: string } }): void {
    const { about, name } = turn.detail;
    const entry = this.#entry('breaker', `breaker:${about} ${name}`, about === 'host' ? name : null, turn);
    this.#chronicle.stands(entry);
    // One that is closed is like one that never was.
    if (turn.to === 'closed') this.#chronicle.forget(entry.actor);
  }

  #entry(kind: 'webhooks' | 'breaker', actor: string, host: string | null, turn: Turn) {
    const { event, from, to, detail } = turn;
    const where = { actor, jobId: 0, attempt: 0, host };
    const at = this.#clock.now();
    return { kind, at, ...where, event: eventName(event, from), from, to, detail: { ...detail } };
  }
}
