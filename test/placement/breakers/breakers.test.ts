import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_BREAKER_POLICIES } from '../../../machines/breaker.ts';
import { type Failure, type FailureCode, failure } from '../../../machines/failure.ts';
import { type Job, NO_RETRY, runnerScopeOf } from '../../../machines/job/context.ts';
import { placeholder } from '../../../machines/job/placeholder.ts';
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
beforeEach(() => {
  clock = new ManualClock();
  logged = [];
  changes = [];
  breakers = new Breakers({
    policies: DEFAULT_BREAKER_POLICIES,
    clock,
    log: pino({ level: 'info' }, { write: (line: string) => logged.push(JSON.parse(line).msg) }),
    scopeOf: (job) => runnerScopeOf('repository', job),
    onChange: ({ detail: { about, name }, from, to }) => changes.push(`${about} ${name}: ${from} → ${to}`),
  });
});
afterEach(() => breakers.stop());

interface Attempt {
  key?: string;
  host?: string;
  profile?: string;
  job?: Partial<Job>;
}

/** An actor at a point of its attempt, as its transition tells. */
function tell(
  path: string,
  { key = 'a', host = 'm1', profile = 'mac', job = {} }: Attempt,
  more: object = {},
) {
  const snapshot = snapshotAt(path, {
    job: { ...JOB, profile, ...job },
    vm: { ...VM, host, profile },
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

test('a breaker is made by a failure and by nothing else', () => {
  serves({});
  breakers.tell({ about: 'github', name: 'github' }, { type: 'attempt.began' });
  breakers.tell({ about: 'github', name: 'github' }, { type: 'attempt.ended' });
  expect([held(), changes, breakers.room('host m1')]).toEqual([[], [], FREE]);
  breakers.tell({ about: 'pull', name: 'r for mac' }, { type: 'attempt.failed', failure: GUEST });
  expect([breakers.room('pull r for mac'), breakers.room('pull r for large')]).toEqual([0, FREE]);
});

describe('of failures that may be the host’s or the image’s', () => {
  test('one is a chance, and a second one in a row holds back the profile on that host alone', () => {
    fails({});
    expect(held()).toEqual([]);
    fails({});
    expect(held()).toEqual(['pair mac on m1 open']);
    expect(
      ['host m1', 'profile mac', 'pair large on m1', 'pair mac on m2'].map((gate) => breakers.room(gate)),
    ).toEqual([FREE, FREE, FREE, FREE]);
  });

  test('one of each of two profiles on a host is the host’s', () => {
    fails({ profile: 'mac' });
    fails({ profile: 'large' });
    expect(held()).toEqual(['host m1 open']);
  });

  test('one on each of two hosts with a profile is the profile’s', () => {
    fails({ host: 'm1' });
    fails({ host: 'm2' });
    expect(held()).toEqual(['profile mac open']);
  });

  test('one that another attempt has made good since says nothing', () => {
    fails({ profile: 'mac' });
    serves({ profile: 'mac' });
    fails({ profile: 'large' });
    fails({ host: 'm2', profile: 'mac' });
    expect(held()).toEqual([]);
  });

  test('the text says what there is to compare it with', () => {
    fails({});
    fails({});
    expect(breakers.troubled()[0]?.lastFailure?.message).toContain('nothing says which of the two it is');
    serves({ host: 'm2' });
    fails({});
    expect(breakers.troubled()[0]?.lastFailure?.message).toContain('mac works on m2');
    expect(logged[0]).toContain('pair mac on m1 is held back');
  });

  test.each<FailureCode>(['HOST_LOST', 'RUNNER_CONFIG_LOST', 'LIFETIME_EXCEEDED', 'OPERATOR_CANCELLED'])(
    'none is %s',
    (code) => {
      for (const host of ['m1', 'm1', 'm2', 'm2']) fails({ host }, failure(code, 'no'));
      expect(held()).toEqual([]);
    },
  );
});

describe('a runner that was online and got no job', () => {
  const UNUSED = failure('RUNNER_UNUSED', 'GitHub gave it none.');

  /** Runners of jobs that are online side by side, until each is given up unused. */
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
    // Two more than were told open it.
    const before = held().length;
    let more = 0;
    while (held().length === before && more < 3) {
      breakers.tell({ about: 'github', name: 'github' }, { type: 'attempt.failed', failure: UNUSED });
      more += 1;
    }
    return 3 - more;
  };

  test('once, or again and again for one job, speaks against that job alone', () => {
    unused(1);
    unused(1);
    expect([held(), failuresOfGitHub()]).toEqual([[], 0]);
  });

  test('for two jobs in a row speaks against GitHub', () => {
    unused(1, 2);
    expect(failuresOfGitHub()).toBe(1);
  });

  test('for many jobs holds back all attempts, although each runner was online', () => {
    unused(1, 2, 3, 4);
    expect(held()).toEqual(['github github open']);
  });

  test('for many jobs holds them back as well when they come one after the other', () => {
    for (const id of [1, 2, 3, 4]) unused(id);
    expect(held()).toEqual(['github github open']);
  });

  test('holds them back until a runner is given a job: one that is only online shows nothing', async () => {
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

  test('ends the trial by its guest’s word, when it was given a job that no record has', async () => {
    unused(1, 2, 3, 4);
    await clock.pass(30_000);
    const trial = { key: '5', job: { id: 5 } };
    tell('creating.acting', trial);
    tell('running.idle.watching', trial);
    tell('running.busy.watching', trial);
    expect(held()).toEqual([]);
  });

  test('speaks against nobody when another one of its place was given a job in between', () => {
    unused(1);
    tell('running.busy.watching', { key: 'b', job: { id: 9, status: 'in_progress' } });
    unused(2);
    expect(failuresOfGitHub()).toBe(0);
  });

  test('is compared within its place alone', () => {
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

  test('is told once, however long its VM takes to go', () => {
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

  test('for ten minutes has lost a slot, so its breaker opens, once for each VM', () => {
    const since = clock.now();
    clock.advance(10 * MINUTE - 1);
    refused('a', since);
    expect(held()).toEqual([]);
    clock.advance(1);
    refused('a', since);
    expect([held(), changes]).toEqual([['host m1 open'], ['host m1: closed → open']]);
    expect(breakers.troubled()[0]?.lastFailure?.message).toBe(
      `m1 has not deleted ${VM.name} for 10 minutes: Not now.`,
    );
    expect(breakers.troubled()[0]?.failures).toBe(1);
    clock.advance(MINUTE);
    refused('a', since);
    expect(breakers.troubled()[0]?.failures).toBe(1);
  });

  test('says nothing more of one that was deleted, while GitHub keeps its runner', () => {
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

  test('is not to blame while nothing was refused: the deletion is just slow', () => {
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

describe('the attempt that tries what was held back', () => {
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

  test('opens it again when it fails, for twice as long', () => {
    tell('tearingDown vm.acting runner.gone job.decided', { key: 'trial' }, { failure: GUEST, runner: null });
    expect(held()).toEqual(['pair mac on m1 open']);
    expect(breakers.troubled()[0]?.retryAt).toBe(clock.now() + 60_000);
  });

  test('leaves the trial to the next one when it says nothing', () => {
    breakers.jobChanged('trial', snapshotAt('done'));
    expect(breakers.room('pair mac on m1')).toBe(1);
  });

  test('leaves it to the next one as well when its actor is gone without an end', () => {
    breakers.jobGone('trial');
    expect(breakers.room('pair mac on m1')).toBe(1);
    breakers.jobGone('trial');
    breakers.jobGone('nobody');
    expect(breakers.room('pair mac on m1')).toBe(1);
  });

  test('is the only one at its place of registration, although its runner has no name yet', async () => {
    breakers.tell({ about: 'registration', name: 'octo/app' }, { type: 'attempt.failed', failure: GUEST });
    await clock.pass(30_000);
    expect(breakers.room(REGISTRATION)).toBe(1);
    tell('creating.acting', { key: 'second', profile: 'large' }, { runner: null });
    expect(breakers.room(REGISTRATION)).toBe(0);
  });

  test('leaves its place of registration to the next one, too, when its actor is gone', async () => {
    breakers.tell({ about: 'registration', name: 'octo/app' }, { type: 'attempt.failed', failure: GUEST });
    await clock.pass(30_000);
    tell('jitConfig.acting', { key: 'trial' });
    expect(breakers.room(REGISTRATION)).toBe(0);
    breakers.jobGone('trial');
    expect(breakers.room(REGISTRATION)).toBe(1);
  });

  test('is not waited for longer than a quarter of an hour', async () => {
    await clock.pass(15 * MINUTE - 1);
    expect(breakers.room('pair mac on m1')).toBe(0);
    await clock.pass(1);
    expect(breakers.room('pair mac on m1')).toBe(1);
  });
});

test('the pauses double up to an hour', async () => {
  const lengths = [];
  for (let n = 0; n < 9; n += 1) {
    breakers.tell({ about: 'pull', name: 'r' }, { type: 'attempt.failed', failure: GUEST });
    const length = (breakers.troubled()[0]?.retryAt ?? 0) - clock.now();
    lengths.push(length / MINUTE);
    await clock.pass(length);
  }
  expect(lengths).toEqual([0.5, 1, 2, 4, 8, 16, 32, 60, 60]);
});
