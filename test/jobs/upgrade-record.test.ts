import { describe, expect, test } from 'vitest';
import { createActor, getStateNodes } from 'xstate';
import { failure } from '../../machines/failure.ts';
import { NO_JOB } from '../../machines/job/context.ts';
import type { JobSnapshot } from '../../machines/job.ts';
import { readSnapshot } from '../../src/jobs/records/read-snapshot.ts';
import { numbersTaken, type Upgrade, upgradeRecord } from '../../src/jobs/records/upgrade-record.ts';
import { JOB, RUNNER, START, VM } from '../machines/job-samples.ts';
import { machine, STATES, snapshotAt } from '../machines/job-step.ts';
import { pathOf } from '../machines/machine-walk.ts';
import { endlessEffects } from '../support/endless-effects.ts';
import { EARLIER_STATES, earlierRecord } from './earlier-record.ts';

const PREFIX = 'gh-default';
const GUEST = failure('GUEST_UNREACHABLE', 'The guest does not answer.');

const upgraded = (record: unknown, more: Partial<Upgrade> = {}) =>
  upgradeRecord(record, {
    namePrefix: PREFIX,
    runnerScope: 'repository',
    reserve: (jobId) => ({ first: jobId * 1_000 + 1, last: jobId * 1_000 + 100 }),
    ...more,
  });

/** A record of version 0.1 after this version has revived it. */
function revived(record: unknown, more: Partial<Upgrade> = {}): JobSnapshot {
  const read = readSnapshot(machine, JSON.parse(JSON.stringify(upgraded(record, more))));
  if ('why' in read) throw new Error(read.why);
  return read.snapshot;
}

/** The snapshot right after the start, before any effect ends. */
function started(snapshot: JobSnapshot): JobSnapshot {
  const actor = createActor(machine.provide({ actors: endlessEffects() }), {
    snapshot,
    input: { job: snapshot.context.job },
  });
  actor.subscribe({ error: () => undefined });
  actor.start();
  const after = actor.getSnapshot();
  actor.stop();
  return after;
}

const invokedIn = ({ value }: JobSnapshot) => [
  ...new Set(getStateNodes(machine.root, value).flatMap(({ invoke }) => invoke)),
];
const childrenOf = ({ children }: JobSnapshot) =>
  children as unknown as Record<string, { src: string; snapshot: { input: unknown } }>;

test.each(STATES)('a record of this version in %s is not changed', (state) => {
  const record = snapshotAt(state);
  expect(upgraded(record)).toBe(record);
  expect(numbersTaken(record, PREFIX)).toEqual(new Map());
});

test.each([null, 'text', {}, { context: null }, { context: { job: { id: 1 } } }])(
  'what is not a record, as %j, is returned unchanged',
  (record) => {
    expect(upgraded(record)).toBe(record);
    expect(numbersTaken(record, PREFIX)).toEqual(new Map());
  },
);

describe.each(EARLIER_STATES)('a record of version 0.1 in %s', (state) => {
  const snapshot = revived(earlierRecord(state));

  test('is revived in that state, with the effects of that state and no others', () => {
    expect(pathOf(snapshot.value)).toMatch(new RegExp(`^${state}`));
    expect(Object.keys(snapshot.children).sort()).toEqual(
      invokedIn(snapshot)
        .map(({ id }) => id)
        .sort(),
    );
    expect(started(snapshot).status).toBe('active');
  });

  test('gets inputs of its effects from its upgraded context, but keeps the instants of its waits', () => {
    for (const { id, src, input } of invokedIn(snapshot)) {
      const made = (input as (from: object) => unknown)({ context: snapshot.context });
      const hadWait = src === 'waitUntil' && id in earlierRecord(state).children;
      expect([id, childrenOf(snapshot)[id]?.snapshot.input]).toEqual([id, hadWait ? { at: 1 } : made]);
    }
  });
});

describe('the names of a VM of version 0.1', () => {
  test('belong to the job in the name, and further numbers are above all that were taken', () => {
    const { vm } = revived(
      earlierRecord('starting.acting', { job: { namesTaken: 4, attemptsFailed: 2 } }),
    ).context;
    expect(vm).toEqual({
      ...VM,
      madeFor: { jobId: 101, attempt: 3 },
      numbers: { next: 101_001, last: 101_100 },
    });
  });

  test('still belong to the job in the name after an exchange', () => {
    const { vm, job } = revived(
      earlierRecord('running.busy.watching', { job: { id: 202, namesTaken: 1 } }),
    ).context;
    expect([job.id, vm?.madeFor.jobId, vm?.numbers.next]).toEqual([202, 101, 101_001]);
  });

  test('of a warm VM belong to no job, whether it has one now or not', () => {
    const warm = { vm: { name: `${PREFIX}-0-1790000000000` } };
    expect(revived(earlierRecord('warm', warm)).context).toMatchObject({
      job: { id: NO_JOB },
      vm: { madeFor: { jobId: NO_JOB }, numbers: { next: 1, last: 100 } },
    });
    expect(revived(earlierRecord('jitConfig.acting', warm)).context.vm?.madeFor.jobId).toBe(NO_JOB);
  });

  test('take no numbers when there is no VM', () => {
    const reserved: number[] = [];
    const reserve = (jobId: number) => {
      reserved.push(jobId);
      return { first: 1, last: 100 };
    };
    revived(earlierRecord('queued', { job: { namesTaken: 3 } }), { reserve });
    revived(earlierRecord('creating.acting'), { reserve });
    expect(reserved).toEqual([JOB.id]);
  });
});

describe('the numbers that a record of version 0.1 took', () => {
  const taken = (...args: Parameters<typeof earlierRecord>) =>
    Object.fromEntries(numbersTaken(earlierRecord(...args), PREFIX));

  test('are those that its job counted', () => {
    expect(taken('queued', { job: { namesTaken: 3 } })).toEqual({ 101: 3 });
  });

  test('are those in the names of its VM and its runner as well, which may be another job’s', () => {
    const names = { vm: { name: `${PREFIX}-7-2` }, runner: { name: `${PREFIX}-7-5` } };
    expect(taken('running.idle.watching', { job: { namesTaken: 1 }, ...names })).toEqual({ 101: 1, 7: 5 });
    expect(taken('running.idle.watching', { job: { namesTaken: 9 } })).toEqual({ 101: 9 });
  });

  test('do not include those in names that are not ours', () => {
    expect(taken('starting.acting', { vm: { name: 'somebody-7-2' } })).toEqual({ 101: 1 });
  });

  test('of a warm VM are the instant at which it was made', () => {
    expect(taken('warm', { vm: { name: `${PREFIX}-0-1790000000000` } })).toEqual({ 0: 1_790_000_000_000 });
  });
});

describe('a runner of version 0.1', () => {
  test('is registered at the place of its job, as the config says now', () => {
    const record = earlierRecord('running.busy.watching');
    expect(revived(record).context.runner).toEqual(RUNNER);
    expect(revived(record, { runnerScope: 'organization' }).context.runner?.scope).toEqual({
      kind: 'organization',
      owner: 'octo',
    });
  });
});

describe('a job of version 0.1', () => {
  test('that waits for its next try keeps its pause and its failure', () => {
    const record = earlierRecord('queued', {
      job: { attemptsFailed: 2, namesTaken: 2, notBefore: START + 5_000 },
      failure: GUEST,
    });
    expect(revived(record).context.job).toEqual({
      ...JOB,
      commit: null,
      branch: null,
      attempt: 2,
      attemptsFailed: 2,
      lastFailure: GUEST,
      notBefore: START + 5_000,
    });
  });

  test('counts its current VM as an attempt', () => {
    const { job } = revived(earlierRecord('starting.acting', { job: { attemptsFailed: 1 } })).context;
    expect([job.attempt, job.lastFailure]).toEqual([2, null]);
  });
});

describe('a teardown of version 0.1', () => {
  const torn = (...args: Parameters<typeof earlierRecord>) => {
    const snapshot = revived(earlierRecord(...args));
    const { job } = (snapshot.value as { tearingDown: { job: string } }).tearingDown;
    return { job, snapshot, context: snapshot.context };
  };
  const [both, noRunner] = ['tearingDown vm.waiting runner.acting', 'tearingDown vm.waiting runner.gone'];

  test('law 12: frees a job that waits for it, at once when no runner was made for it', () => {
    const { job, snapshot, context } = torn(noRunner, {
      runner: null,
      job: { attemptsFailed: 1 },
      failure: GUEST,
    });
    expect([job, started(snapshot).hasTag('decided')]).toEqual(['decided', true]);
    expect(context).toMatchObject({ failure: GUEST, job: { id: JOB.id, attempt: 1, attemptsFailed: 1 } });
  });

  test('law 12: asks GitHub for a job that its runner may have got', () => {
    const { job, context, snapshot } = torn(both, { job: { attemptsFailed: 1 }, failure: GUEST });
    expect([job, childrenOf(snapshot).recheckJob?.snapshot.input]).toEqual([
      'acting',
      { owner: 'octo', repository: 'app', jobId: 101, runnerName: RUNNER.name },
    ]);
    expect(context.jobCheck).toEqual({ tries: 0, nextTryAt: 0, lastFailure: null });
  });

  test.each(['in_progress', 'completed'])('frees no job when its job is %s', (status) => {
    const { job, context } = torn(both, { job: { status } });
    expect([job, context.job.id, context.job.status]).toEqual(['gone', JOB.id, status]);
  });

  test('law 12: holds no job when its job was released, or that would go on twice', () => {
    const { job, context } = torn(both, { released: true, failure: GUEST });
    expect(job).toBe('gone');
    expect(context.job).toMatchObject({
      id: NO_JOB,
      status: 'completed',
      name: 'VM of job 101',
      owner: 'octo',
      repository: 'app',
      profile: VM.profile,
    });
    expect(context.vm?.madeFor.jobId).toBe(101);
    expect(context.runner).toEqual(RUNNER);
  });

  test.each([
    ['with a runner', both, {}],
    ['without one', noRunner, { runner: null }],
  ])('does not free a job that an operator cancelled, %s', (_how, path, facts) => {
    const cancelled = failure('OPERATOR_CANCELLED', 'ada ordered that this job is not served.');
    const { job, context } = torn(path, { ...facts, failure: cancelled });
    expect([job, context.job.id, context.failure]).toEqual(['gone', JOB.id, cancelled]);
  });
});
