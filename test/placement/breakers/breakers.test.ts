import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_BREAKER_POLICIES } from '../../../machines/breaker.ts';
import { type Failure, type FailureCode, failure } from '../../../machines/failure.ts';
import { NO_RETRY, runnerScopeOf } from '../../../machines/job/context.ts';
import { Breakers } from '../../../src/placement/breakers/breakers.ts';
import { VM } from '../../machines/job-samples.ts';
import { snapshotAt } from '../../machines/job-step.ts';
import type { ManualClock } from '../../support/manual-clock.ts';
import { type BreakersRig, breakersRig, FREE, GUEST, MINUTE } from './breakers-rig.ts';

let breakers: Breakers;
let changes: BreakersRig['changes'];
let clock: ManualClock;
let fails: BreakersRig['fails'];
let held: BreakersRig['held'];
let logged: BreakersRig['logged'];
let noted: BreakersRig['noted'];
let serves: BreakersRig['serves'];
let tell: BreakersRig['tell'];
beforeEach(() => {
  ({ breakers, changes, clock, fails, held, logged, noted, serves, tell } = breakersRig());
});

test('a breaker is made only by a failure', () => {
  serves({});
  breakers.tell({ about: 'github', name: 'github' }, { type: 'attempt.began' });
  breakers.tell({ about: 'github', name: 'github' }, { type: 'attempt.ended' });
  expect([held(), changes, breakers.room('host m1')]).toEqual([[], [], FREE]);
  breakers.tell({ about: 'pull', name: 'r for mac' }, { type: 'attempt.failed', failure: GUEST });
  expect([breakers.room('pull r for mac'), breakers.room('pull r for large')]).toEqual([0, FREE]);
});

describe('failures that the host or the image may have caused', () => {
  test('hold back the profile on that host only, from the second one in a row on', () => {
    fails({});
    expect(held()).toEqual([]);
    fails({});
    expect(held()).toEqual(['pair mac on m1 open']);
    expect(
      ['host m1', 'profile mac', 'pair large on m1', 'pair mac on m2'].map((gate) => breakers.room(gate)),
    ).toEqual([FREE, FREE, FREE, FREE]);
  });

  test('hold back the host when two profiles had one there', () => {
    fails({ profile: 'mac' });
    fails({ profile: 'large' });
    expect(held()).toEqual(['host m1 open']);
  });

  test('hold back the profile when it had one on two hosts', () => {
    fails({ host: 'm1' });
    fails({ host: 'm2' });
    expect(held()).toEqual(['profile mac open']);
  });

  test('do not count any more after an attempt that succeeded', () => {
    fails({ profile: 'mac' });
    serves({ profile: 'mac' });
    fails({ profile: 'large' });
    fails({ host: 'm2', profile: 'mac' });
    expect(held()).toEqual([]);
  });

  test('have a message that says with what they were compared', () => {
    fails({});
    fails({});
    expect(breakers.troubled()[0]?.lastFailure?.message).toContain('it may be the fault of either');
    serves({ host: 'm2' });
    fails({});
    expect(breakers.troubled()[0]?.lastFailure?.message).toContain('mac works on m2');
    expect(logged[0]).toContain('the profile mac on m1 is held back');
  });

  test.each<FailureCode>(['HOST_LOST', 'RUNNER_CONFIG_LOST', 'LIFETIME_EXCEEDED', 'OPERATOR_CANCELLED'])(
    'do not include %s',
    (code) => {
      for (const host of ['m1', 'm1', 'm2', 'm2']) fails({ host }, failure(code, 'no'));
      expect(held()).toEqual([]);
    },
  );
});

describe('a runner that never came online', () => {
  const attempt = { key: 'a' };
  const late = failure('PHASE_TIMED_OUT', 'Bringing the runner online took longer than 5 min.');
  const neverOnline = (why: Failure | null) => {
    tell('creating.acting', attempt);
    tell('runnerOnline.confirming.waiting', attempt);
    tell('running.retiring.askingGuest.acting', attempt, { failure: why });
  };

  test('counts as a failure, although it is retired like one that was online', () => {
    neverOnline({ ...late, blame: 'host' });
    breakers.jobChanged('a', snapshotAt('done'));
    neverOnline({ ...late, blame: 'host' });
    expect(held()).toEqual(['pair mac on m1 open']);
    expect(noted.map((one) => one.failure)).toEqual([late.message, late.message]);
  });

  test('leaves its trials to the next attempt as soon as its job is over, not when its VM is gone', async () => {
    fails({});
    fails({});
    await clock.pass(30_000);
    neverOnline(null);
    expect(held()).toEqual(['pair mac on m1 halfOpen.ready']);
    tell('running.busy.watching', attempt);
    expect(held()).toEqual([]);
  });

  test('tries nothing when it is found while it is removed', async () => {
    fails({});
    fails({});
    await clock.pass(30_000);
    tell('running.retiring.askingGuest.acting', attempt);
    expect(held()).toEqual(['pair mac on m1 halfOpen.ready']);
  });
});

describe('a host that does not delete a VM', () => {
  const refused = (key: string, since: number, host = 'm1') =>
    tell(
      'tearingDown vm.waiting runner.gone job.gone',
      { key, host, job: { status: 'completed' } },
      {
        runner: null,
        phase: {
          ...NO_RETRY,
          tries: 9,
          lastFailure: failure('VM_BUSY', 'Not now.'),
          enteredAt: since,
          deadlineAt: since,
        },
      },
    );

  test('for ten minutes opens its breaker, once for each VM', () => {
    const since = clock.now();
    clock.advance(10 * MINUTE - 1);
    refused('a', since);
    expect(held()).toEqual([]);
    clock.advance(1);
    refused('a', since);
    expect([held(), changes]).toEqual([['host m1 open'], ['host m1: closed → open']]);
    expect(breakers.troubled()[0]?.lastFailure?.message).toBe(
      `m1 has not deleted ${VM.name} for 10 min: Not now.`,
    );
    expect(breakers.troubled()[0]?.failures).toBe(1);
    clock.advance(MINUTE);
    refused('a', since);
    expect(breakers.troubled()[0]?.failures).toBe(1);
  });

  test('is not meant when the VM is deleted and only its runner is left', () => {
    const since = clock.now();
    clock.advance(20 * MINUTE);
    tell(
      'tearingDown vm.gone runner.waiting job.gone',
      { job: { status: 'completed' } },
      {
        phase: {
          ...NO_RETRY,
          lastFailure: failure('VM_BUSY', 'Not now.'),
          enteredAt: since,
          deadlineAt: since,
        },
      },
    );
    expect(held()).toEqual([]);
  });

  test('is not meant while the deletion is slow and was not refused', () => {
    const since = clock.now();
    clock.advance(20 * MINUTE);
    tell(
      'tearingDown vm.acting runner.gone job.gone',
      { job: { status: 'completed' } },
      {
        phase: { ...NO_RETRY, enteredAt: since, deadlineAt: since },
      },
    );
    expect(held()).toEqual([]);
  });
});

test('over a reload of the config a breaker stays open, and one whose subject was changed is closed', () => {
  for (let n = 0; n < 3; n += 1) {
    fails({ key: `a${n}`, host: 'm1', profile: 'mac' });
    fails({ key: `b${n}`, host: 'm2', profile: 'mac' });
  }
  const open = breakers.troubled();
  expect(open.map(({ about, name }) => `${about} ${name}`)).toContain('pair mac on m1');
  breakers.stop();
  const told = changes.length;
  const after = new Breakers({
    ...{ policies: DEFAULT_BREAKER_POLICIES, clock, log: pino({ level: 'silent' }) },
    scopeOf: (job) => runnerScopeOf('repository', job),
    onChange: ({ detail: { about, name }, from, to }) => changes.push(`${about} ${name}: ${from} → ${to}`),
  });
  after.goOnFrom(breakers, ({ name }) => name !== 'mac on m2');
  expect(after.troubled()).toEqual(open.filter(({ name }) => name !== 'mac on m2'));
  expect(changes.slice(told)).toEqual(['pair mac on m2: open → closed']);
  after.stop();
});

test('failures of an image on trial are told of that image, and hold back nothing', () => {
  for (let n = 0; n < 5; n += 1) fails({ digest: 'next' });
  expect([held(), noted.length]).toEqual([[], 5]);
  expect(noted[0]).toMatchObject({ host: 'm1', profile: 'mac', failure: GUEST.message });
  fails({});
  fails({});
  expect(held()).toEqual(['pair mac on m1 open']);
});

test('what an operator has to fix on a host is not told of the image on trial there', () => {
  fails({ digest: 'next' }, failure('AGENT_TOKEN_REFUSED', 'The agent refuses the token.'));
  expect(noted).toEqual([]);
});

test('an attempt that works is told of its image, with its runner', () => {
  serves({ digest: 'next' });
  expect(noted).toMatchObject([{ failure: null, image: { digest: 'next' }, runner: VM.runnerVersion }]);
});
