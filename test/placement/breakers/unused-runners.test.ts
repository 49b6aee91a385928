import { beforeEach, describe, expect, test } from 'vitest';
import { failure } from '../../../machines/failure.ts';
import { placeholder } from '../../../machines/job/placeholder.ts';
import type { Breakers } from '../../../src/placement/breakers/breakers.ts';
import { RUNNER } from '../../machines/job-samples.ts';
import { snapshotAt } from '../../machines/job-step.ts';
import type { ManualClock } from '../../support/manual-clock.ts';
import { type BreakersRig, breakersRig } from './breakers-rig.ts';

let breakers: Breakers;
let clock: ManualClock;
let held: BreakersRig['held'];
let tell: BreakersRig['tell'];
beforeEach(() => {
  ({ breakers, clock, held, tell } = breakersRig());
});

describe('a runner that was online and got no job', () => {
  const UNUSED = failure('RUNNER_UNUSED', 'GitHub gave it none.');

  /** Runners of these jobs that are online at the same time, until each is given up unused. */
  const unused = (...ids: number[]) => {
    const attempts = ids.map((id) => ({ key: String(id), job: { id } }));
    for (const attempt of attempts) {
      tell('creating.acting', attempt);
      tell('running.idle.watching', attempt);
    }
    for (const attempt of attempts) {
      tell('running.retiring.askingGuest.acting', attempt, {
        failure: failure('RUNNER_UNUSED', UNUSED.message),
      });
      breakers.jobChanged(attempt.key, snapshotAt('done'));
    }
  };
  const failuresOfGitHub = () => {
    // The breaker opens at three failures in all.
    const before = held().length;
    let more = 0;
    while (held().length === before && more < 3) {
      breakers.tell({ about: 'github', name: 'github' }, { type: 'attempt.failed', failure: UNUSED });
      more += 1;
    }
    return 3 - more;
  };

  test('once, or again and again for one job, counts against no breaker', () => {
    unused(1);
    unused(1);
    expect([held(), failuresOfGitHub()]).toEqual([[], 0]);
  });

  test('for two jobs in a row counts against GitHub', () => {
    unused(1, 2);
    expect(failuresOfGitHub()).toBe(1);
  });

  test('for many jobs opens the breaker of GitHub, although each runner was online', () => {
    unused(1, 2, 3, 4);
    expect(held()).toEqual(['github github open']);
  });

  test('for many jobs one after the other opens the breaker of GitHub too', () => {
    for (const id of [1, 2, 3, 4]) unused(id);
    expect(held()).toEqual(['github github open']);
  });

  test('opens the breaker of GitHub until a runner gets a job: a runner that is only online does not close it', async () => {
    unused(1, 2, 3, 4);
    await clock.pass(30_000);
    const trial = { key: '5', job: { id: 5 } };
    tell('creating.acting', trial);
    tell('running.idle.watching', trial);
    expect(held()).toEqual(['github github halfOpen.trying']);
    tell('running.busy.watching', { ...trial, job: { id: 5, status: 'in_progress' } });
    expect(held()).toEqual([]);
  });

  test('holds them back although a warm VM gets ready, which needs nothing of GitHub', async () => {
    unused(1, 2, 3, 4);
    await clock.pass(30_000);
    const warm = { key: 'w', job: placeholder({ name: 'warm VM', at: 0 }) };
    tell('creating.acting', warm, { runner: null });
    tell('warm', warm, { runner: null });
    expect(held()).toEqual(['github github halfOpen.ready']);
  });

  test('is no longer unused when its guest says that a job runs, which closes the breaker', async () => {
    unused(1, 2, 3, 4);
    await clock.pass(30_000);
    const trial = { key: '5', job: { id: 5 } };
    tell('creating.acting', trial);
    tell('running.idle.watching', trial);
    tell('running.busy.watching', trial);
    expect(held()).toEqual([]);
  });

  test('does not count when a job ended on another runner of its place, whose start nobody saw', async () => {
    unused(1, 2, 3, 4);
    await clock.pass(30_000);
    const trial = { key: '5', job: { id: 5 } };
    tell('creating.acting', trial);
    tell('running.idle.watching', trial);
    const takenBy = { runner: RUNNER.name, isOurs: true };
    tell('running.finishing.watching', { ...trial, job: { id: 5, status: 'completed', takenBy } });
    expect(held()).toEqual([]);
  });

  describe('leaves the trial of GitHub to the next attempt', () => {
    const trial = { key: '5', job: { id: 5 } };
    beforeEach(async () => {
      unused(1, 2, 3, 4);
      await clock.pass(30_000);
      tell('creating.acting', trial);
      expect(held()).toEqual(['github github halfOpen.trying']);
    });

    test('when its process ends by itself', () => {
      tell('running.idle.watching', trial);
      tell('running.verifying.acting', trial, { failure: failure('RUNNER_EXITED', 'It ended.') });
      expect(held()).toEqual(['github github halfOpen.trying']);
      const decided = 'tearingDown vm.acting runner.acting job.decided';
      tell(decided, trial, { failure: failure('RUNNER_EXITED', 'It ended.') });
      expect(held()).toEqual(['github github halfOpen.ready']);
    });

    test('when its job is over elsewhere', () => {
      tell('running.idle.watching', trial);
      tell('running.retiring.askingGuest.acting', { ...trial, job: { id: 5, status: 'completed' } });
      expect(held()).toEqual(['github github halfOpen.ready']);
    });

    test('when its actor is gone without an end', () => {
      tell('running.idle.watching', trial);
      breakers.jobGone('5');
      expect(held()).toEqual(['github github halfOpen.ready']);
    });

    test('but closes the breaker when a job turns out to run on it', () => {
      tell('running.idle.watching', trial);
      tell('running.retiring.askingGuest.acting', { ...trial, job: { id: 5, status: 'completed' } });
      tell('running.busy.watching', { ...trial, job: { id: 5, status: 'completed' } });
      expect(held()).toEqual([]);
    });
  });

  test('does not count when another runner of its place got a job in between', () => {
    unused(1);
    tell('running.busy.watching', { key: 'b', job: { id: 9, status: 'in_progress' } });
    unused(2);
    expect(failuresOfGitHub()).toBe(0);
  });

  test('is only compared with runners of the same place', () => {
    const elsewhere = { ...RUNNER, scope: { kind: 'repository', owner: 'octo', repository: 'site' } };
    unused(1);
    tell('running.idle.watching', { key: '2', job: { id: 2 } }, { runner: elsewhere });
    tell(
      'running.retiring.askingGuest.acting',
      { key: '2', job: { id: 2 } },
      { runner: elsewhere, failure: UNUSED },
    );
    expect(failuresOfGitHub()).toBe(0);
  });

  test('counts once, however long the removal of its VM takes', () => {
    unused(1);
    const attempt = { key: '2', job: { id: 2 } };
    tell('running.idle.watching', attempt);
    for (const path of ['running.retiring.askingGuest.acting', 'running.retiring.settling'])
      tell(path, attempt, { failure: UNUSED });
    tell(
      'running.retiring.askingGuestAgain.acting',
      { ...attempt, job: placeholder({ name: 'VM', at: 0 }) },
      {
        failure: UNUSED,
      },
    );
    expect(failuresOfGitHub()).toBe(1);
  });
});
