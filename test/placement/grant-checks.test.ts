import { beforeEach, describe, expect, test } from 'vitest';
import type { FailureCode } from '../../machines/failure.ts';
import type { Job } from '../../machines/job/context.ts';
import { LONGEST_QUEUE } from '../../src/placement/grant-checks.ts';
import { JOB } from '../machines/job-samples.ts';
import { checking, OTHER, seen } from './checks-rig.ts';

let at: ReturnType<typeof checking>;
beforeEach(() => {
  at = checking();
});

describe('a job that was last observed as queued', () => {
  beforeEach(() => at.grantRights(JOB, OTHER));

  test('a moment ago may have a VM, and GitHub is not asked', async () => {
    await at.clock.pass(10_000);
    expect(at.checks.ask(JOB)).toBe('yes');
    expect(at.routes()).toEqual([]);
  });

  test('longer than 10 s ago is asked for once, however often a slot is offered', async () => {
    await at.clock.pass(10_001);
    expect([at.checks.ask(JOB), at.checks.ask(JOB), at.checks.ask(JOB)]).toEqual([
      'asking',
      'asking',
      'asking',
    ]);
    expect(at.routes()).toEqual(['job octo app 101']);
  });

  test('longer ago may have a VM as soon as GitHub says that it is still queued', async () => {
    await at.clock.pass(10_001);
    at.checks.ask(JOB);
    const { changes } = at.counts;
    await at.next().answer(seen(JOB));
    expect(at.counts.changes).toBe(changes + 1);
    expect(at.observed).toEqual([seen(JOB, { seenAt: at.clock.now() })]);
    expect(at.checks.ask(JOB)).toBe('yes');
  });

  test.each([
    ['runs already', { status: 'in_progress', runnerName: 'theirs' }],
    ['is over already', { status: 'completed', conclusion: 'cancelled' }],
  ] as const)('is observed again, and gets no VM, when GitHub says that it %s', async (_how, facts) => {
    await at.clock.pass(10_001);
    at.checks.ask(JOB);
    await at.next().answer(seen(JOB, facts));
    expect(at.observed).toMatchObject([{ jobId: JOB.id, ...facts }]);
    expect(at.checks.ask(JOB)).not.toBe('yes');
  });

  test('is over when GitHub does not have it any more', async () => {
    await at.clock.pass(10_001);
    at.checks.ask(JOB);
    await at.next().answer(null);
    expect(at.observed).toMatchObject([{ jobId: JOB.id, status: 'completed', conclusion: null }]);
  });

  test('is asked for in parallel with other jobs', async () => {
    await at.clock.pass(10_001);
    expect([at.checks.ask(JOB), at.checks.ask(OTHER)]).toEqual(['asking', 'asking']);
    expect(at.routes()).toEqual(['job octo app 101', 'job octo site 303']);
    at.next();
    await at.next().answer(seen(OTHER));
    expect([at.checks.ask(JOB), at.checks.ask(OTHER)]).toEqual(['asking', 'yes']);
  });

  test.each([
    ['is held back at GitHub', { status: 'waiting' }],
    ['runs, but not where', { status: 'in_progress', runnerName: null }],
  ] as const)('is not asked for again at once when GitHub says that it %s', async (_how, facts) => {
    await at.clock.pass(10_001);
    at.checks.ask(JOB);
    await at.next().answer(seen(JOB, facts));
    expect(at.checks.ask(JOB)).toBe('no');
    expect(at.routes()).toEqual([]);
    expect(at.checks.nextAt()).toBe(at.clock.now() + 5_000);
    await at.clock.pass(5_000);
    expect(at.checks.ask(JOB)).toBe('asking');
    expect(at.checks.isHeld(JOB.id)).toBe(true);
    await at.next().answer(seen(JOB));
    expect(at.checks.isHeld(JOB.id)).toBe(false);
  });
});

describe('a job whose last runner got no job from GitHub', () => {
  const UNUSED: Job = { ...JOB, runnersUnused: 1 };
  beforeEach(() => at.grantRights(JOB));

  test('has its run read too, since GitHub may keep a job queued whose run is over', async () => {
    await at.clock.pass(10_001);
    at.checks.ask(UNUSED);
    await at.next().answer(seen(JOB));
    expect([at.routes(), at.checks.ask(UNUSED)]).toEqual([['run octo app 11'], 'asking']);
    await at.next().answer(false);
    expect([at.observed, at.checks.ask(UNUSED)]).toMatchObject([[{ status: 'queued' }], 'yes']);
  });

  test('is over when its run is over', async () => {
    await at.clock.pass(10_001);
    at.checks.ask(UNUSED);
    await at.next().answer(seen(JOB));
    await at.next().answer(true);
    expect(at.observed).toMatchObject([{ jobId: JOB.id, status: 'completed' }]);
  });

  test('is over when GitHub does not have it any more, and its run is not read', async () => {
    await at.clock.pass(10_001);
    at.checks.ask(UNUSED);
    await at.next().answer(null);
    expect(at.routes()).toEqual([]);
    expect(at.observed).toMatchObject([{ jobId: JOB.id, status: 'completed' }]);
  });

  test.each([
    ['was over', { status: 'completed', conclusion: 'success' }],
    ['was running', { status: 'in_progress' }],
  ] as const)(
    'is told by its own answer when it %s on one of our runners, whose name its run does not say',
    async (_how, facts) => {
      await at.clock.pass(10_001);
      at.checks.ask(UNUSED);
      await at.next().answer(seen(JOB, { ...facts, runnerName: 'gh-default-102-1' }));
      expect(at.routes()).toEqual([]);
      expect(at.observed).toMatchObject([{ jobId: JOB.id, ...facts, runnerName: 'gh-default-102-1' }]);
    },
  );

  test('has its run read even when a webhook or a poll just found the job queued', async () => {
    at.checks.observed(seen(JOB, { seenAt: at.clock.now(), source: 'poll' }));
    expect(at.checks.ask(UNUSED)).toBe('asking');
    await at.next().answer(seen(JOB));
    expect(at.routes()).toEqual(['run octo app 11']);
  });
});

describe('a GitHub that does not respond within 2 s', () => {
  beforeEach(async () => {
    await at.grantRights(JOB);
    await at.clock.pass(10_001);
    at.checks.ask(JOB);
  });

  test('counts against its breaker, and is not waited for any longer', async () => {
    await at.clock.pass(1_999);
    expect([at.told, at.next().signal?.aborted]).toEqual([[], false]);
    await at.clock.pass(1);
    expect(at.told).toEqual(['github github attempt.failed GITHUB_UNREACHABLE']);
    expect(at.checks.ask(JOB)).toBe('no');
  });

  test('is asked again after 5 s and not before, and that instant is known', async () => {
    at.next();
    await at.clock.pass(2_000);
    expect(at.checks.nextAt()).toBe(at.clock.now() + 5_000);
    await at.clock.pass(4_999);
    expect([at.checks.ask(JOB), at.routes()]).toEqual(['no', []]);
    await at.clock.pass(1);
    expect(at.checks.nextAt()).toBeNull();
    expect([at.checks.ask(JOB), at.routes()]).toEqual(['asking', ['job octo app 101']]);
  });

  test('does not delay a job that a webhook reports as queued', async () => {
    await at.clock.pass(2_000);
    at.checks.observed(seen(JOB, { seenAt: at.clock.now(), source: 'webhook' }));
    expect(at.checks.ask(JOB)).toBe('yes');
  });

  test('leaves no timer when it responds in time', async () => {
    await at.next().answer(seen(JOB));
    expect(at.clock.alarms).toEqual([]);
  });
});

describe('a question that GitHub refuses', () => {
  beforeEach(() => at.grantRights(JOB));

  test.each<[FailureCode, string[]]>([
    ['GITHUB_PERMISSION_MISSING', ['registration octo/app attempt.failed GITHUB_PERMISSION_MISSING']],
    ['GITHUB_NOT_FOUND', ['registration octo/app attempt.failed GITHUB_NOT_FOUND']],
    ['GITHUB_ERROR', ['github github attempt.failed GITHUB_ERROR']],
    ['GITHUB_RATE_LIMITED', []],
  ])('with %s is reported to these breakers: %j', async (code, told) => {
    await at.clock.pass(10_001);
    at.checks.ask(JOB);
    await at.next().refuse(code);
    expect([at.told, at.checks.ask(JOB)]).toEqual([told, 'no']);
  });
});

test('a job that has been queued for more than 25 hours is too old, since GitHub does not assign it any more', () => {
  const queuedAt = at.clock.now();
  expect(at.checks.isTooOld({ ...JOB, queuedAt })).toBe(false);
  at.clock.advance(LONGEST_QUEUE);
  expect(at.checks.isTooOld({ ...JOB, queuedAt })).toBe(false);
  at.clock.advance(1);
  expect(at.checks.isTooOld({ ...JOB, queuedAt })).toBe(true);
  expect(LONGEST_QUEUE).toBe(25 * 3_600_000);
});
