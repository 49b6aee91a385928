import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_BREAKER_POLICIES } from '../../../machines/breaker.ts';
import { type Failure, type FailureCode, failure } from '../../../machines/failure.ts';
import { type Job, NO_RETRY, runnerScopeOf } from '../../../machines/job/context.ts';
import { placeholder } from '../../../machines/job/placeholder.ts';
import type { SeenAttempt } from '../../../src/images/note-attempt.ts';
import { Breakers } from '../../../src/placement/breakers/breakers.ts';
import { JOB, RUNNER, VM } from '../../machines/job-samples.ts';
import { snapshotAt } from '../../machines/job-step.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const FREE = Number.POSITIVE_INFINITY;
const MINUTE = 60_000;

let clock: ManualClock;
let logged: string[];
let changes: string[];
let breakers: Breakers;
/** What was told of attempts and their images; those of the digest `next` are on trial. */
let noted: SeenAttempt[];
beforeEach(() => {
  clock = new ManualClock();
  logged = [];
  changes = [];
  noted = [];
  breakers = new Breakers({
    policies: DEFAULT_BREAKER_POLICIES,
    clock,
    log: pino({ level: 'info' }, { write: (line: string) => logged.push(JSON.parse(line).msg) }),
    scopeOf: (job) => runnerScopeOf('repository', job),
    onChange: ({ detail: { about, name }, from, to }) => changes.push(`${about} ${name}: ${from} → ${to}`),
    noteImage: (seen) => {
      noted.push(seen);
      return seen.image?.digest === 'next';
    },
  });
});
afterEach(() => breakers.stop());

interface Attempt {
  key?: string;
  host?: string;
  profile?: string;
  job?: Partial<Job>;
  digest?: string;
}

/** Reports the transition of an actor to this state of its attempt. */
function tell(
  path: string,
  { key = 'a', host = 'm1', profile = 'mac', job = {}, digest = 'old' }: Attempt,
  more: object = {},
) {
  const snapshot = snapshotAt(path, {
    job: { ...JOB, profile, ...job },
    vm: { ...VM, host, profile, image: { reference: 'r', digest } },
    ...more,
  });
  breakers.jobChanged(key, snapshot);
}

const GUEST = failure('GUEST_UNREACHABLE', 'The guest does not answer.');

/** An attempt from its slot to this failure. */
function fails(attempt: Attempt, why: Failure = GUEST): void {
  tell('creating.acting', attempt);
  tell('tearingDown vm.acting runner.gone job.decided', attempt, { failure: why, runner: null });
  breakers.jobChanged(attempt.key ?? 'a', snapshotAt('done'));
}

/** An attempt whose runner came online. */
function serves(attempt: Attempt): void {
  tell('creating.acting', attempt);
  tell('running.idle.watching', attempt);
  breakers.jobChanged(attempt.key ?? 'a', snapshotAt('done'));
}

const held = () => breakers.troubled().map(({ about, name, state }) => `${about} ${name} ${state}`);

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
