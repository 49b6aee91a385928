import { expect, test } from 'vitest';
import { type SnapshotFrom, transition } from 'xstate';
import {
  type BreakerContext,
  type BreakerPolicy,
  createBreakerMachine,
  DEFAULT_BREAKER_POLICIES,
} from '../../machines/breaker.ts';
import { failure } from '../../machines/failure.ts';
import { pathOf, restingValues } from './machine-walk.ts';

const NOW = 1_000_000;
const policy: BreakerPolicy = { failures: 3, pause: { first: 60_000, longest: 300_000 }, trial: 900_000 };
const machine = createBreakerMachine({ policy, now: () => NOW });
const CAUSE = failure('GUEST_TOOL_MISSING', 'git is missing');
const CONTEXT: BreakerContext = {
  failures: 2,
  lastFailure: CAUSE,
  openedAt: null,
  retryAt: 0,
  retries: 0,
  trialUntil: 0,
};

const EVENTS = {
  began: { type: 'attempt.began' },
  served: { type: 'attempt.served' },
  failed: { type: 'attempt.failed', failure: CAUSE },
  ended: { type: 'attempt.ended' },
  due: { type: 'xstate.done.actor.retryWait', output: null },
  dueFailed: { type: 'xstate.error.actor.retryWait', error: new Error('no') },
  tooLong: { type: 'xstate.done.actor.trialWait', output: null },
  tooLongFailed: { type: 'xstate.error.actor.trialWait', error: new Error('no') },
};

type Snapshot = SnapshotFrom<typeof machine>;
const at = (value: unknown, context: Partial<BreakerContext> = {}) =>
  machine.resolveState({ value: value as never, context: { ...CONTEXT, ...context } });
const step = (from: Snapshot, event: keyof typeof EVENTS) =>
  transition(machine, from, EVENTS[event] as never)[0] as Snapshot;

/** With two failures in a row; a state that is not named by an event stays. */
const TABLE = {
  closed: { failed: 'open' },
  open: { served: 'closed', due: 'halfOpen.ready', dueFailed: 'halfOpen.ready' },
  'halfOpen.ready': { began: 'halfOpen.trying', served: 'closed', failed: 'open' },
  'halfOpen.trying': {
    served: 'closed',
    failed: 'open',
    ended: 'halfOpen.ready',
    tooLong: 'halfOpen.ready',
    tooLongFailed: 'halfOpen.ready',
  },
};

test('every state answers every event as the table says', () => {
  const found = Object.fromEntries(
    restingValues(machine).map((value) => {
      const from = pathOf(value);
      const ways = (Object.keys(EVENTS) as (keyof typeof EVENTS)[]).flatMap((event) => {
        const to = pathOf(step(at(value), event).value);
        return to === from ? [] : [[event, to]];
      });
      return [from, Object.fromEntries(ways)];
    }),
  );
  expect(found).toEqual(TABLE);
});

test('three failures in a row open it; a success in between begins the count anew', () => {
  const events = (...names: (keyof typeof EVENTS)[]) =>
    names.reduce(step, at('closed', { failures: 0, lastFailure: null }));
  expect(pathOf(events('failed', 'failed').value)).toBe('closed');
  expect(pathOf(events('failed', 'failed', 'failed').value)).toBe('open');
  expect(pathOf(events('failed', 'failed', 'served', 'failed', 'failed').value)).toBe('closed');
});

test('each try that fails doubles the pause, up to its longest, and a success forgets all of it', () => {
  const pauses: number[] = [];
  let breaker = step(at('closed'), 'failed');
  for (let tries = 0; tries < 5; tries += 1) {
    pauses.push(breaker.context.retryAt - NOW);
    breaker = step(step(step(breaker, 'due'), 'began'), 'failed');
  }
  expect(pauses).toEqual([60_000, 120_000, 240_000, 300_000, 300_000]);
  expect(breaker.context.openedAt).toBe(NOW);
  expect(step(step(breaker, 'due'), 'served').context).toMatchObject({
    failures: 0,
    retries: 0,
    openedAt: null,
  });
});

test('an attempt that tries it has a bounded time for that, from its beginning', () => {
  const trying = step(at({ halfOpen: 'ready' }), 'began');
  expect(trying.context.trialUntil).toBe(NOW + policy.trial);
});

test('by default pauses double from half a minute to an hour, and what is no chance opens at once', () => {
  const policies = Object.values(DEFAULT_BREAKER_POLICIES);
  expect(new Set(policies.map(({ pause }) => JSON.stringify(pause)))).toEqual(
    new Set([JSON.stringify({ first: 30_000, longest: 3_600_000 })]),
  );
  const failures = Object.entries(DEFAULT_BREAKER_POLICIES).map(([about, { failures }]) => [about, failures]);
  expect(Object.fromEntries(failures)).toEqual({
    github: 3,
    registration: 1,
    pull: 1,
    pair: 2,
    host: 1,
    profile: 1,
  });
});

test('what it lets pass is told by its tags', () => {
  const tags = (value: unknown) => [at(value).hasTag('refuses'), at(value).hasTag('tries')];
  expect([tags('closed'), tags('open'), tags({ halfOpen: 'ready' }), tags({ halfOpen: 'trying' })]).toEqual([
    [false, false],
    [true, false],
    [false, true],
    [true, false],
  ]);
});
