import { beforeEach, describe, expect, test } from 'vitest';
import type { FailureCode } from '../../machines/failure.ts';
import { type Job, runnerScopeOf } from '../../machines/job/context.ts';
import type { JobObservation } from '../../machines/job/observation.ts';
import { DaemonError } from '../../src/errors.ts';
import type { Breakers } from '../../src/placement/breakers/breakers.ts';
import { GrantChecks, LONGEST_QUEUE } from '../../src/placement/grant-checks.ts';
import { JOB } from '../machines/job-samples.ts';
import { ManualClock, settled } from '../support/manual-clock.ts';

const OTHER: Job = { ...JOB, id: 303, repository: 'site' };

const seen = ({ id, owner, repository, runId }: Job, more: Partial<JobObservation> = {}): JobObservation => ({
  source: 'recheck',
  seenAt: 0,
  jobId: id,
  runId,
  runAttempt: 1,
  owner,
  repository,
  workflow: 'ci',
  name: 'build',
  url: '',
  commit: null,
  branch: null,
  labels: JOB.labels,
  status: 'queued',
  conclusion: null,
  queuedAt: 0,
  runnerId: null,
  runnerName: null,
  ...more,
});

/** A question to GitHub that waits for the test's response. */
interface Question {
  route: string;
  signal: AbortSignal | undefined;
  answer(value: unknown): Promise<void>;
  refuse(code: FailureCode): Promise<void>;
}

/** Checks with a GitHub that responds when the test says so, and rejects aborted questions. */
function checking(scope: 'repository' | 'organization' = 'repository') {
  const clock = new ManualClock();
  const asked: Question[] = [];
  const told: string[] = [];
  const observed: JobObservation[] = [];
  const gone: string[] = [];
  const counts = { changes: 0 };
  const refused = { until: 0, at: 'registration octo/app' };
  const ask =
    (what: string) =>
    (...args: unknown[]): Promise<never> => {
      const { signal } = (args.at(-1) ?? {}) as { signal?: AbortSignal };
      const route = [what, ...args.slice(0, -1).map((arg) => named(arg))].join(' ');
      return new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
        asked.push({
          route,
          signal,
          answer: (value) => {
            resolve(value as never);
            return settled();
          },
          refuse: (code) => {
            reject(new DaemonError(code, `${code}.`));
            return settled();
          },
        });
      });
    };
  const checks = new GrantChecks({
    github: {
      getJob: ask('job'),
      isRunOver: ask('run'),
      pausedUntil: () => null,
      now: () => clock.now(),
      createRegistrationToken: ask('token'),
    },
    breakers: {
      triedSince: (gate: string) => (gate === refused.at ? refused.until : 0),
      tell: ({ about, name }, event) =>
        told.push([about, name, event.type, 'failure' in event ? event.failure.code : ''].join(' ').trim()),
    } as Pick<Breakers, 'tell' | 'triedSince'> as Breakers,
    clock,
    scope: (owner, repository) => runnerScopeOf(scope, { owner, repository }),
    observe: (observation) => {
      observed.push(observation);
      checks.observed(observation);
    },
    onGone: (jobId, { code }) => gone.push(`${jobId} ${code}`),
    onChange: () => {
      counts.changes += 1;
    },
  });
  const routes = () => asked.map(({ route }) => route);
  return {
    clock,
    checks,
    told,
    observed,
    gone,
    counts,
    refused,
    routes,
    /** The oldest question that the test has not taken yet. */
    next: () => {
      const question = asked.shift();
      if (!question) throw new Error('GitHub is asked nothing');
      return question;
    },
    /** Lets the right to register be known for these jobs, so that later questions are only for the job. */
    grantRights: async (...jobs: Job[]) => {
      for (const job of jobs) checks.observed(seen(job, { seenAt: clock.now() }));
      for (const job of jobs) checks.ask(job);
      for (const probe of asked.splice(0)) await probe.answer({});
      expect(jobs.map((job) => checks.ask(job))).toEqual(jobs.map(() => 'yes'));
    },
  };
}

const named = (arg: unknown) =>
  typeof arg === 'object' && arg !== null ? Object.values(arg).slice(1).join('/') : String(arg);

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

describe('a job whose repository is gone', () => {
  const refused = async () => {
    at.checks.ask(JOB);
    await at.next().refuse('REPOSITORY_GONE');
  };
  beforeEach(async () => {
    await at.grantRights(JOB);
    await at.clock.pass(10_001);
    await refused();
  });

  test('is held back for ten minutes, since a token may lose a repository for some minutes', async () => {
    expect([at.gone, at.told]).toEqual([[], ['registration octo/app attempt.failed REPOSITORY_GONE']]);
    await at.clock.pass(10 * 60_000 - 1);
    await refused();
    expect(at.gone).toEqual([]);
  });

  test('is given up when that lasts for ten minutes', async () => {
    await at.clock.pass(10 * 60_000);
    await refused();
    expect(at.gone).toEqual(['101 REPOSITORY_GONE']);
  });

  test('has ten minutes again when the repository was seen or GitHub could not be asked', async () => {
    for (const between of ['is there', 'silence']) {
      await at.clock.pass(5 * 60_000);
      at.checks.ask(JOB);
      if (between === 'silence') await at.next().refuse('GITHUB_UNREACHABLE');
      else await at.next().answer(seen(JOB, { status: 'waiting' }));
      await at.clock.pass(5 * 60_000);
      await refused();
    }
    expect(at.gone).toEqual([]);
  });
});

describe('a repository whose runners its organization registers', () => {
  const gone = async (job: Job) => {
    at.checks.ask(job);
    await at.next().refuse('REPOSITORY_GONE');
  };
  beforeEach(async () => {
    at = checking('organization');
    await at.grantRights(JOB, OTHER);
    await at.clock.pass(10_001);
  });

  test.each<FailureCode>(['REPOSITORY_GONE', 'GITHUB_NOT_FOUND', 'GITHUB_PERMISSION_MISSING'])(
    'is held back alone when GitHub says %s of its job: the others of the organization are served',
    async (code) => {
      at.checks.ask(JOB);
      await at.next().refuse(code);
      expect(at.told).toEqual([`registration octo/app attempt.failed ${code}`]);
    },
  );

  test('is the organization’s trouble when the organization refuses', async () => {
    at = checking('organization');
    at.checks.observed(seen(JOB, { seenAt: at.clock.now() }));
    at.checks.ask(JOB);
    expect(at.routes()).toEqual(['token octo']);
    await at.next().refuse('GITHUB_PERMISSION_MISSING');
    expect(at.told).toEqual(['registration octo attempt.failed GITHUB_PERMISSION_MISSING']);
  });

  test('is asked about again after a refusal, and its answer lets its jobs pass', async () => {
    at.checks.observed(seen(JOB, { seenAt: at.clock.now() }));
    at.refused.until = at.clock.now() + 1;
    await at.clock.pass(1);
    expect([at.checks.ask(JOB), at.routes()]).toEqual(['asking', ['job octo app 101']]);
    await at.next().answer(seen(JOB));
    expect(at.told).toEqual(['registration octo/app attempt.served']);
    expect(at.checks.ask(JOB)).toBe('yes');
  });

  test('is gone for ten minutes by itself: another one of the organization counts neither way', async () => {
    await gone(JOB);
    await at.clock.pass(5 * 60_000);
    at.checks.ask(OTHER);
    await at.next().answer(seen(OTHER));
    await at.clock.pass(5 * 60_000);
    await gone(OTHER);
    expect(at.gone).toEqual([]);
    await gone(JOB);
    expect(at.gone).toEqual(['101 REPOSITORY_GONE']);
  });
});

describe('the right to register', () => {
  test('is probed once for each place before the first VM, in parallel with the question for the job', async () => {
    const SECOND: Job = { ...JOB, id: 102 };
    expect([at.checks.ask(JOB), at.checks.ask(SECOND)]).toEqual(['asking', 'asking']);
    expect(at.routes()).toEqual(['job octo app 101', 'token octo/app', 'job octo app 102']);
  });

  test('is needed: no job gets a VM while it is unknown, although the job is queued', async () => {
    at.checks.observed(seen(JOB, { seenAt: at.clock.now() }));
    expect(at.checks.ask(JOB)).toBe('asking');
    await at.next().answer({ token: 'AAAA-secret', expiresAt: 0 });
    expect(at.checks.ask(JOB)).toBe('yes');
    await at.clock.pass(5_000);
    expect([at.checks.ask(JOB), at.routes()]).toEqual(['yes', []]);
  });

  test('law 7: is proven by a token that is not kept', async () => {
    at.checks.ask(JOB);
    at.next();
    await at.next().answer({ token: 'AAAA-secret', expiresAt: 0 });
    expect(JSON.stringify([at.observed, at.told])).not.toContain('secret');
  });

  test('is unknown again after a refusal: it is probed once before the next VM', async () => {
    await at.grantRights(JOB);
    at.refused.until = at.clock.now() + 1;
    await at.clock.pass(1);
    expect([at.checks.ask(JOB), at.routes()]).toEqual(['asking', ['token octo/app']]);
    await at.next().answer({});
    expect([at.checks.ask(JOB), at.routes()]).toEqual(['yes', []]);
  });

  test('counts only against the breaker of its place when it is refused, and is probed again after 5 s', async () => {
    at.checks.observed(seen(JOB, { seenAt: at.clock.now() }));
    at.checks.ask(JOB);
    await at.next().refuse('GITHUB_PERMISSION_MISSING');
    expect(at.told).toEqual(['registration octo/app attempt.failed GITHUB_PERMISSION_MISSING']);
    expect(at.checks.ask(JOB)).toBe('no');
    await at.clock.pass(5_000);
    expect([at.checks.ask(JOB), at.routes()]).toEqual(['asking', ['token octo/app']]);
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
