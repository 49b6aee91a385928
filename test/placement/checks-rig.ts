import { expect } from 'vitest';
import type { FailureCode } from '../../machines/failure.ts';
import { type Job, runnerScopeOf } from '../../machines/job/context.ts';
import type { JobObservation } from '../../machines/job/observation.ts';
import { DaemonError } from '../../src/errors.ts';
import type { Breakers } from '../../src/placement/breakers/breakers.ts';
import { GrantChecks } from '../../src/placement/grant-checks.ts';
import { JOB } from '../machines/job-samples.ts';
import { ManualClock, settled } from '../support/manual-clock.ts';

export const OTHER: Job = { ...JOB, id: 303, repository: 'site' };

export const seen = (
  { id, owner, repository, runId }: Job,
  more: Partial<JobObservation> = {},
): JobObservation => ({
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
export function checking(scope: 'repository' | 'organization' = 'repository') {
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
