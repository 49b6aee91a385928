import { assertEvent, assign, type StateValueFrom, setup } from 'xstate';
import type { Failure } from './failure.ts';
import { type Pause, pauseAfter } from './pause.ts';
import type { WrittenState } from './state-path.ts';
import { invokeWait, waitUntil } from './waits.ts';

export interface BreakerContext {
  /** Attempts in a row that failed for this cause. */
  failures: number;
  lastFailure: Failure | null;
  /** Epoch ms of the first opening of the present trouble. */
  openedAt: number | null;
  /** Epoch ms at which one attempt may try again. */
  retryAt: number;
  /** Tries that failed since it opened. */
  retries: number;
  /** Epoch ms until which the attempt that tries it may go on without a word. */
  trialUntil: number;
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

/** What attempts tell of the thing that they used. */
export type BreakerEvent =
  | { type: 'attempt.began' }
  /** It got as far as an online runner: what it used works. */
  | { type: 'attempt.served' }
  /** It failed, and the fault is this thing's. */
  | { type: 'attempt.failed'; failure: Failure }
  /** It ended without saying anything of this thing. */
  | { type: 'attempt.ended' };

export interface BreakerPolicy {
  /** Failures in a row that open it. */
  failures: number;
  pause: Pause;
  /** Milliseconds for an attempt that tries it; one that is blocked for longer says nothing, and the next one tries. */
  trial: number;
}

const PACE = { pause: { first: 30_000, longest: 60 * 60_000 }, trial: 15 * 60_000 };

/**
 * A cause that only a person can remove is believed at once, and so is a host or a profile that failed in two places: the
 * evidence was gathered before. What may have been chance has to fail again.
 */
export const DEFAULT_BREAKER_POLICIES: Record<BreakerAbout, BreakerPolicy> = {
  github: { failures: 3, ...PACE },
  registration: { failures: 1, ...PACE },
  pull: { failures: 1, ...PACE },
  pair: { failures: 2, ...PACE },
  host: { failures: 1, ...PACE },
  profile: { failures: 1, ...PACE },
};

/**
 * Holds something back after failures, so that a wedged agent, a broken image, a missing right or an outage does not
 * cost VM after VM, and lets one attempt try again after a pause that doubles.
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
      'is it one failure too many': ({ context }) => context.failures + 1 >= policy.failures,
    },
    actions: {
      noteFailure: assign(({ context, event }) => {
        assertEvent(event, 'attempt.failed');
        return { failures: context.failures + 1, lastFailure: event.failure };
      }),
      forget: assign({ failures: 0, lastFailure: null, openedAt: null, retries: 0 }),
      beginTrial: assign({ trialUntil: () => now() + policy.trial }),
      open: assign(({ context }) => ({
        openedAt: context.openedAt ?? now(),
        retryAt: now() + pauseAfter(policy.pause, context.retries),
        retries: context.retries + 1,
      })),
    },
  });

  return s.createMachine({
    id: 'breaker',
    context: { failures: 0, lastFailure: null, openedAt: null, retryAt: 0, retries: 0, trialUntil: 0 },
    initial: 'closed',
    states: {
      closed: {
        description: 'It is used.',
        tags: ['passes'],
        on: {
          'attempt.served': { actions: 'forget' },
          'attempt.failed': [
            { guard: 'is it one failure too many', target: 'open', actions: ['noteFailure', 'open'] },
            { actions: 'noteFailure' },
          ],
        },
      },
      open: {
        description: 'It failed too often in a row, and nothing begins there until an instant.',
        tags: ['refuses', 'needsAttention'],
        on: {
          // An attempt that was under way when it opened shows that it works after all.
          'attempt.served': { target: 'closed', actions: 'forget' },
          'attempt.failed': { actions: 'noteFailure' },
        },
        invoke: invokeWait('retryWait', ({ retryAt }: BreakerContext) => retryAt, 'halfOpen'),
      },
      halfOpen: {
        description: 'One attempt may try it; the others wait for what that one tells.',
        initial: 'ready',
        tags: ['needsAttention'],
        on: {
          'attempt.served': { target: 'closed', actions: 'forget' },
          'attempt.failed': { target: 'open', actions: ['noteFailure', 'open'] },
        },
        states: {
          ready: {
            description: 'The next attempt is the one.',
            tags: ['tries'],
            on: { 'attempt.began': { target: 'trying', actions: 'beginTrial' } },
          },
          trying: {
            description: 'It is under way, for a bounded time.',
            tags: ['refuses'],
            on: { 'attempt.ended': 'ready' },
            invoke: invokeWait('trialWait', ({ trialUntil }: BreakerContext) => trialUntil, 'ready'),
          },
        },
      },
    },
  });
}

export type BreakerMachine = ReturnType<typeof createBreakerMachine>;
export type BreakerState = WrittenState<StateValueFrom<BreakerMachine>>;
