import { assertEvent, assign, type StateValueFrom, setup } from 'xstate';
import type { Failure } from './failure.ts';
import { type Pause, pauseAfter } from './pause.ts';
import { sentences } from './sentences.ts';
import type { WrittenState } from './state-path.ts';
import { invokeWait, waitUntil } from './waits.ts';

export interface BreakerContext {
  /** Attempts in a row that failed for this cause. */
  failures: number;
  lastFailure: Failure | null;
  /** Epoch ms of the first opening since it was closed. */
  openedAt: number | null;
  /** Epoch ms at which one attempt may try again. */
  retryAt: number;
  /** Tries that failed since it opened. */
  retries: number;
  /** Epoch ms until which the trial has time for a result. */
  trialUntil: number;
  /** Who began the trial; null when it was not said. */
  trialBy: string | null;
}

/**
 * What a breaker can hold back: all of GitHub, registrations with one repository or organization, pulls of a profile's
 * image, a profile on one host, and a host or a profile as a whole.
 */
export const BREAKER_ABOUTS = ['github', 'registration', 'pull', 'pair', 'host', 'profile'] as const;
export type BreakerAbout = (typeof BREAKER_ABOUTS)[number];

/** A breaker that is not closed, for those who ask why a job waits. */
export interface BreakerView extends BreakerContext {
  about: BreakerAbout;
  name: string;
  state: BreakerState;
}

/** What attempts report about the thing that they used. `by` is the same from the beginning of an attempt to its end. */
export type BreakerEvent =
  | { type: 'attempt.began'; by?: string }
  /** The attempt has an online runner: what it used works. */
  | { type: 'attempt.served' }
  /** The attempt failed, and this thing is the cause. */
  | { type: 'attempt.failed'; failure: Failure }
  /** The attempt ended and shows nothing about this thing. */
  | { type: 'attempt.ended'; by?: string };

export interface BreakerPolicy {
  /** Failures in a row that open it. */
  failures: number;
  pause: Pause;
  /** Milliseconds for a trial; after that without a result, the next attempt is the trial. */
  trial: number;
}

const PACE = { pause: { first: 30_000, longest: 60 * 60_000 }, trial: 15 * 60_000 };

/**
 * Milliseconds in which a VM boots and its runner is registered. The trial of a registration begins with the VM; one
 * whose guest does not boot must not hold back the jobs of other profiles for a quarter of an hour.
 */
const REGISTRATION_TRIAL = 3 * 60_000;

/**
 * Failures before a breaker opens. One is enough for a cause that only a person can remove, and for a host or a
 * profile, which is blamed only after failures in two places. What may be chance has to fail more often.
 */
export const DEFAULT_BREAKER_POLICIES: Record<BreakerAbout, BreakerPolicy> = {
  github: { failures: 3, ...PACE },
  registration: { failures: 1, ...PACE, trial: REGISTRATION_TRIAL },
  pull: { failures: 1, ...PACE },
  pair: { failures: 2, ...PACE },
  host: { failures: 1, ...PACE },
  profile: { failures: 1, ...PACE },
};

/**
 * Stops new attempts after failures, so that an agent that hangs, a broken image, a missing permission or an outage
 * does not cost VM after VM. After a pause that doubles, one attempt may try again.
 */
export function createBreakerMachine({ policy, now }: { policy: BreakerPolicy; now: () => number }) {
  const s = setup({
    types: {
      context: {} as BreakerContext,
      events: {} as BreakerEvent,
      tags: {} as 'passes' | 'refuses' | 'tries' | 'needsAttention',
    },
    actors: { waitUntil },
    guards: {
      'does this failure reach the limit': ({ context }) => context.failures + 1 >= policy.failures,
      // Attempts that began before the breaker opened end at any time; otherwise each end would let one more attempt
      // begin.
      'is it the trial': ({ context, event }) => {
        assertEvent(event, 'attempt.ended');
        return (event.by ?? null) === context.trialBy;
      },
    },
    actions: {
      noteFailure: assign(({ context, event }) => {
        assertEvent(event, 'attempt.failed');
        return { failures: context.failures + 1, lastFailure: event.failure };
      }),
      forget: assign({ failures: 0, lastFailure: null, openedAt: null, retries: 0 }),
      beginTrial: assign(({ event }) => {
        assertEvent(event, 'attempt.began');
        return { trialUntil: now() + policy.trial, trialBy: event.by ?? null };
      }),
      open: assign(({ context }) => ({
        openedAt: context.openedAt ?? now(),
        retryAt: now() + pauseAfter(policy.pause, context.retries),
        retries: context.retries + 1,
      })),
    },
  });

  return s.createMachine({
    id: 'breaker',
    context: {
      failures: 0,
      lastFailure: null,
      openedAt: null,
      retryAt: 0,
      retries: 0,
      trialUntil: 0,
      trialBy: null,
    },
    initial: 'closed',
    states: {
      closed: {
        description: sentences(
          'The first state; entered again when an attempt succeeds.',
          'Attempts begin as usual.',
          'A success resets the count of failures; the failure that reaches the limit leads to `open`.',
        ),
        tags: ['passes'],
        on: {
          'attempt.served': { actions: 'forget' },
          'attempt.failed': [
            { guard: 'does this failure reach the limit', target: 'open', actions: ['noteFailure', 'open'] },
            { actions: 'noteFailure' },
          ],
        },
      },
      open: {
        description: sentences(
          'Entered when too many attempts in a row failed, and when the trial in `halfOpen` failed.',
          'No attempt begins; the end of a pause, which doubles from one opening to the next up to a limit, leads to `halfOpen`.',
          'An attempt that began earlier and succeeds leads to `closed`; one that fails is only noted.',
        ),
        tags: ['refuses', 'needsAttention'],
        on: {
          // The attempt began before the breaker opened, and shows that the thing works.
          'attempt.served': { target: 'closed', actions: 'forget' },
          'attempt.failed': { actions: 'noteFailure' },
        },
        invoke: invokeWait('retryWait', ({ retryAt }: BreakerContext) => retryAt, 'halfOpen'),
      },
      halfOpen: {
        description: sentences(
          'Entered when the pause in `open` is over.',
          'One attempt may begin as a trial, and the others wait for its result.',
          'An attempt that succeeds leads to `closed`; one that fails leads to `open`.',
        ),
        initial: 'ready',
        tags: ['needsAttention'],
        on: {
          'attempt.served': { target: 'closed', actions: 'forget' },
          'attempt.failed': { target: 'open', actions: ['noteFailure', 'open'] },
        },
        states: {
          ready: {
            description: sentences(
              'Entered when a trial may begin.',
              'The next attempt that begins is the trial and leads to `trying`.',
            ),
            tags: ['tries'],
            on: { 'attempt.began': { target: 'trying', actions: 'beginTrial' } },
          },
          trying: {
            description: sentences(
              'Entered when the trial begins; no other attempt begins.',
              'If the trial ends without a result, or gives none within the trial time, this leads to `ready`, and the next attempt is the trial.',
              'The end of another attempt changes nothing.',
            ),
            tags: ['refuses'],
            on: { 'attempt.ended': { guard: 'is it the trial', target: 'ready' } },
            invoke: invokeWait('trialWait', ({ trialUntil }: BreakerContext) => trialUntil, 'ready'),
          },
        },
      },
    },
  });
}

export type BreakerMachine = ReturnType<typeof createBreakerMachine>;
export type BreakerState = WrittenState<StateValueFrom<BreakerMachine>>;
