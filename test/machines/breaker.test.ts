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
  trialBy: null,
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

/** After two failures in a row; an event that a state does not list changes nothing. */
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

test('every state handles every event as the table says', () => {
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

test('three failures in a row open the breaker, and a success in between resets the count', () => {
  const events = (...names: (keyof typeof EVENTS)[]) =>
    names.reduce(step, at('closed', { failures: 0, lastFailure: null }));
  expect(pathOf(events('failed', 'failed').value)).toBe('closed');
  expect(pathOf(events('failed', 'failed', 'failed').value)).toBe('open');
  expect(pathOf(events('failed', 'failed', 'served', 'failed', 'failed').value)).toBe('closed');
});

test('each failed trial doubles the pause up to the longest one, and a success resets everything', () => {
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

test('a trial has a time limit from its beginning', () => {
  const trying = step(at({ halfOpen: 'ready' }), 'began');
  expect(trying.context.trialUntil).toBe(NOW + policy.trial);
});

test('only the end of the attempt that is the trial ends it', () => {
  const ends = (from: Snapshot, by?: string) =>
    pathOf(transition(machine, from, { type: 'attempt.ended', ...(by !== undefined && { by }) })[0].value);
  const trying = transition(machine, at({ halfOpen: 'ready' }), { type: 'attempt.began', by: 'a' })[0];
  expect([ends(trying, 'b'), ends(trying), ends(trying, 'a')]).toEqual([
    'halfOpen.trying',
    'halfOpen.trying',
    'halfOpen.ready',
  ]);
});

test('by default pauses double from 30 s to an hour, and some breakers open at the first failure', () => {
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

test('its tags say whether a breaker refuses attempts or lets one try', () => {
  const tags = (value: unknown) => [at(value).hasTag('refuses'), at(value).hasTag('tries')];
  expect([tags('closed'), tags('open'), tags({ halfOpen: 'ready' }), tags({ halfOpen: 'trying' })]).toEqual([
    [false, false],
    [true, false],
    [false, true],
    [true, false],
  ]);
});
