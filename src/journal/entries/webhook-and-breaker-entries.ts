import type { AnyEventObject } from 'xstate';
import type { BreakerState } from '../../../machines/breaker.ts';
import type { WebhooksState } from '../../../machines/webhooks.ts';
import type { Clock } from '../../clock.ts';
import type { JournalWriter } from '../journal-writer.ts';
import { eventName } from './transition-entry.ts';

/** The machine of webhooks or of a breaker is in another state. */
export interface StateChange<State extends string> {
  event: AnyEventObject;
  /** Empty for its first state. */
  from: State | '';
  to: State;
  /** What a page says of it in that state. */
  detail: object;
}

/**
 * Keeps in the journal the states of webhooks and breakers. These machines begin again with each process, so a
 * restart ends the states that the journal has.
 */
export class WebhookAndBreakerEntries {
  readonly #journal: JournalWriter;
  readonly #clock: Clock;

  constructor(journal: JournalWriter, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
  }

  webhooks(change: StateChange<WebhooksState>): void {
    this.#journal.snapshot(this.#entry('webhooks', 'webhooks', null, change));
  }

  breaker(change: StateChange<BreakerState> & { detail: { about: string; name: string } }): void {
    const { about, name } = change.detail;
    const entry = this.#entry('breaker', `breaker:${about} ${name}`, about === 'host' ? name : null, change);
    this.#journal.snapshot(entry);
    // A closed breaker is like one that never was.
    if (change.to === 'closed') this.#journal.forget(entry.actor);
  }

  #entry(kind: 'webhooks' | 'breaker', actor: string, host: string | null, change: StateChange<string>) {
    const { event, from, to, detail } = change;
    const where = { actor, jobId: 0, attempt: 0, host };
    const at = this.#clock.now();
    return { kind, at, ...where, event: eventName(event, from), from, to, detail: { ...detail } };
  }
}
