import { beforeEach, describe, expect, test } from 'vitest';
import type { Breakers } from '../../../src/placement/breakers/breakers.ts';
import { snapshotAt } from '../../machines/job-step.ts';
import type { ManualClock } from '../../support/manual-clock.ts';
import { type BreakersRig, breakersRig, FREE, GUEST, MINUTE } from './breakers-rig.ts';

let breakers: Breakers;
let clock: ManualClock;
let fails: BreakersRig['fails'];
let held: BreakersRig['held'];
let tell: BreakersRig['tell'];
beforeEach(() => {
  ({ breakers, clock, fails, held, tell } = breakersRig());
});

describe('the attempt that is the trial of a breaker', () => {
  const REGISTRATION = 'registration octo/app';
  beforeEach(async () => {
    fails({});
    fails({});
    await clock.pass(30_000);
    expect(breakers.room('pair mac on m1')).toBe(1);
    tell('creating.acting', { key: 'trial' });
    expect(breakers.room('pair mac on m1')).toBe(0);
  });

  test('closes the breaker when its runner is online', () => {
    tell('running.idle.watching', { key: 'trial' });
    expect([breakers.room('pair mac on m1'), held()]).toEqual([FREE, []]);
  });

  test('opens the breaker again when it fails, for twice as long', () => {
    tell('tearingDown vm.acting runner.gone job.decided', { key: 'trial' }, { failure: GUEST, runner: null });
    expect(held()).toEqual(['pair mac on m1 open']);
    expect(breakers.troubled()[0]?.retryAt).toBe(clock.now() + 60_000);
  });

  test('leaves the trial to the next attempt when it ends without a result', () => {
    breakers.jobChanged('trial', snapshotAt('done'));
    expect(breakers.room('pair mac on m1')).toBe(1);
  });

  test('leaves the trial to the next attempt when its actor is gone without an end', () => {
    breakers.jobGone('trial');
    expect(breakers.room('pair mac on m1')).toBe(1);
    breakers.jobGone('trial');
    breakers.jobGone('nobody');
    expect(breakers.room('pair mac on m1')).toBe(1);
  });

  test('is not ended by another attempt that began before and shows nothing', async () => {
    tell('creating.acting', { key: 'early', host: 'm2' });
    tell('creating.acting', { key: 'late', host: 'm2', profile: 'large' });
    for (const profile of ['mac', 'large']) fails({ host: 'm2', profile });
    await clock.pass(30_000);
    tell('creating.acting', { key: 'b', host: 'm2', profile: 'other' });
    expect(breakers.room('host m2')).toBe(0);
    breakers.jobGone('early');
    breakers.jobChanged('late', snapshotAt('done'));
    expect(breakers.room('host m2')).toBe(0);
    breakers.jobGone('b');
    expect(breakers.room('host m2')).toBe(1);
  });

  test('is the only one at its place of registration, although its runner has no name yet', async () => {
    breakers.tell({ about: 'registration', name: 'octo/app' }, { type: 'attempt.failed', failure: GUEST });
    await clock.pass(30_000);
    expect(breakers.room(REGISTRATION)).toBe(1);
    tell('creating.acting', { key: 'second', profile: 'large' }, { runner: null });
    expect(breakers.room(REGISTRATION)).toBe(0);
    // One whose guest does not boot holds back nobody for long.
    await clock.pass(3 * MINUTE - 1);
    expect(breakers.room(REGISTRATION)).toBe(0);
    await clock.pass(1);
    expect(breakers.room(REGISTRATION)).toBe(1);
  });

  test('leaves the trial of its place of registration to the next attempt when its actor is gone', async () => {
    breakers.tell({ about: 'registration', name: 'octo/app' }, { type: 'attempt.failed', failure: GUEST });
    await clock.pass(30_000);
    tell('jitConfig.acting', { key: 'trial' });
    expect(breakers.room(REGISTRATION)).toBe(0);
    breakers.jobGone('trial');
    expect(breakers.room(REGISTRATION)).toBe(1);
  });

  test('is waited for at most 15 minutes', async () => {
    await clock.pass(15 * MINUTE - 1);
    expect(breakers.room('pair mac on m1')).toBe(0);
    await clock.pass(1);
    expect(breakers.room('pair mac on m1')).toBe(1);
  });
});

test('the pauses of a breaker double up to an hour', async () => {
  const lengths = [];
  for (let n = 0; n < 9; n += 1) {
    breakers.tell({ about: 'pull', name: 'r' }, { type: 'attempt.failed', failure: GUEST });
    const length = (breakers.troubled()[0]?.retryAt ?? 0) - clock.now();
    lengths.push(length / MINUTE);
    await clock.pass(length);
  }
  expect(lengths).toEqual([0.5, 1, 2, 4, 8, 16, 32, 60, 60]);
});
