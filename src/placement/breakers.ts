import type { Logger } from 'pino';
import { type Actor, createActor } from 'xstate';
import {
  type BreakerAbout,
  type BreakerMachine,
  type BreakerPolicy,
  type BreakerState,
  type BreakerView,
  createBreakerMachine,
} from '../../machines/breaker.ts';
import type { JobSnapshot } from '../../machines/job.ts';
import { statePath } from '../../machines/state-path.ts';
import type { Clock } from '../clock.ts';
import type { StateChange } from '../journal/webhook-and-breaker-entries.ts';
import { waitUntil } from '../wait-until.ts';
import { type AttemptSeen, breakerEvents } from './breaker-events.ts';

export interface BreakersOptions {
  policy: BreakerPolicy;
  clock: Clock;
  log: Logger;
  /** A breaker is in another state, so that what it lets pass has changed. */
  onChange(change: StateChange<BreakerState> & { detail: BreakerView }): void;
}

/** The breakers of hosts and profiles. They are told by the actors' transitions, and forget with the process. */
export class Breakers {
  readonly #options: BreakersOptions;
  readonly #machine;
  readonly #actors = new Map<string, { about: BreakerAbout; name: string; actor: Actor<BreakerMachine> }>();
  readonly #attempts = new Map<string, AttemptSeen>();

  constructor(options: BreakersOptions) {
    this.#options = options;
    const { policy, clock } = options;
    this.#machine = createBreakerMachine({ policy, now: () => clock.now() }).provide({
      actors: {
        waitUntil: waitUntil(clock),
      },
    });
  }

  /** To be called with every transition of a job's actor. */
  jobChanged(key: string, snapshot: JobSnapshot): void {
    const isOver = snapshot.status === 'done';
    const context = isOver ? { ...snapshot.context, vm: null } : snapshot.context;
    const { seen, events } = breakerEvents(
      this.#attempts.get(key) ?? null,
      context,
      snapshot.hasTag('provisioned'),
    );
    if (seen === null) this.#attempts.delete(key);
    else this.#attempts.set(key, seen);
    for (const { about, name, event } of events) this.#of(about, name).send(event);
  }

  /** Attempts that may begin now: as many as there is room for, one that tries again, or none. */
  room(about: BreakerAbout, name: string): number {
    const snapshot = this.#actors.get(`${about} ${name}`)?.actor.getSnapshot();
    if (!snapshot || snapshot.hasTag('passes')) return Number.POSITIVE_INFINITY;
    return snapshot.hasTag('tries') ? 1 : 0;
  }

  /** Those that are not closed. */
  troubled(): BreakerView[] {
    return [...this.#actors.values()].flatMap(({ about, name, actor }) => {
      const snapshot = actor.getSnapshot();
      const { value, context } = snapshot;
      return snapshot.hasTag('passes') ? [] : [{ about, name, state: statePath(value), ...context }];
    });
  }

  stop(): void {
    for (const { actor } of this.#actors.values()) actor.stop();
  }

  #of(about: BreakerAbout, name: string) {
    const key = `${about} ${name}`;
    const known = this.#actors.get(key);
    if (known) return known.actor;
    const { log, onChange } = this.#options;
    let last: BreakerState = 'closed';
    const actor = createActor(this.#machine, {
      id: key,
      inspect: (inspected) => {
        if (inspected.type !== '@xstate.snapshot' || inspected.actorRef !== actor) return;
        const { value, context } = actor.getSnapshot();
        const [from, state] = [last, statePath(value)];
        if (state === from) return;
        last = state;
        const until = new Date(context.retryAt).toISOString();
        const why = `${context.failures} attempts in a row failed (${context.lastFailure?.message}); one tries again at ${until}`;
        if (state === 'open')
          log.warn({ [about]: name, failure: context.lastFailure }, `${key} is left alone: ${why}`);
        else log.info({ [about]: name, breaker: state }, `the breaker of ${key} is ${state}`);
        onChange({ event: inspected.event, from, to: state, detail: { about, name, state, ...context } });
      },
    });
    actor.subscribe({
      error: (error) => log.error({ [about]: name, err: error }, `the breaker of ${key} failed`),
    });
    this.#actors.set(key, { about, name, actor });
    return actor.start();
  }
}
