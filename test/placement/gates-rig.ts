import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { DEFAULT_BREAKER_POLICIES } from '../../machines/breaker.ts';
import { failure } from '../../machines/failure.ts';
import { type Job, runnerScopeOf } from '../../machines/job/context.ts';
import type { AgentClient } from '../../src/agent/agent-client.ts';
import { DaemonError } from '../../src/errors.ts';
import { Pulls } from '../../src/hosts/pulls.ts';
import type { JobActors } from '../../src/jobs/job-actors.ts';
import { Breakers } from '../../src/placement/breakers/breakers.ts';
import { GrantChecks } from '../../src/placement/grant-checks.ts';
import { GrantGates, type NeededImages, pullName } from '../../src/placement/grant-gates.ts';
import { type Schedule, schedule, type WaitingJob } from '../../src/placement/schedule.ts';
import { JOB } from '../machines/job-samples.ts';
import { snapshotAt } from '../machines/job-step.ts';
import { ManualClock } from '../support/manual-clock.ts';

const log = pino({ level: 'silent' });
export const IMAGE = 'ghcr.io/acme/mac:1';
export const PROFILE = JOB.profile;

/** A pull as an agent reports it. */
export const pull = (status: string, more: object = {}) => ({
  operationId: 'p',
  reference: IMAGE,
  status,
  ...more,
});

/** Gates with the daemon's own breakers, pulls and checks; agents and GitHub respond as the test says. */
export function gated(jobs: Job[] = [JOB], kind: 'repository' | 'organization' = 'repository') {
  const clock = new ManualClock(JOB.queuedAt + 60_000);
  const began: string[] = [];
  const state = {
    /** The state of the pulls on each host; a pull that is not named is running. */
    pulls: {} as Record<string, object | undefined>,
    images: { [PROFILE]: IMAGE } as Record<string, string>,
    bases: [] as string[],
    /** What every host needs, in place of the image of the profile. */
    needs: null as NeededImages | null,
    preferred: null as string | null,
    /** Whether runners may be registered. */
    mayRegister: true,
    probes: 0,
  };
  const breakers = new Breakers({
    policies: DEFAULT_BREAKER_POLICIES,
    clock,
    log,
    scopeOf: (job) => runnerScopeOf(kind, job),
    onChange: () => undefined,
  });
  const pulls = new Pulls({
    agent: (host) => {
      const told = () => Promise.resolve(state.pulls[host] ?? pull('running'));
      return {
        pullImage: (image: string) => {
          began.push(`${image} on ${host}`);
          return told();
        },
        pullOperation: told,
      } as unknown as AgentClient;
    },
    clock,
    log,
    timeout: 3_600_000,
    onChange: () => undefined,
    onEnd: (image, error) =>
      breakers.tell(
        { about: 'pull', name: pullName(image, PROFILE) },
        error === null
          ? { type: 'attempt.served' }
          : { type: 'attempt.failed', failure: failure('IMAGE_PULL_FAILED', 'no') },
      ),
  });
  onTestFinished(() => {
    pulls.stop();
    breakers.stop();
  });
  const scope = (owner: string, repository: string) => runnerScopeOf(kind, { owner, repository });
  const checks = new GrantChecks({
    github: {
      getJob: (_owner, _repository, _id, { signal } = {}) =>
        new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
      isRunOver: async () => false,
      pausedUntil: () => null,
      now: () => clock.now(),
      createRegistrationToken: async () => {
        state.probes += 1;
        if (!state.mayRegister) throw new DaemonError('GITHUB_PERMISSION_MISSING', 'no');
        return { token: 't', expiresAt: 0 } as never;
      },
    },
    breakers,
    clock,
    scope,
    observe: () => undefined,
    onGone: () => undefined,
    onChange: () => undefined,
  });
  const gates = new GrantGates({
    actors: {
      snapshotOf: (key: string) => {
        const job = jobs.find(({ id }) => String(id) === key);
        return job ? snapshotAt('queued', { job }) : null;
      },
    } as unknown as JobActors,
    breakers,
    checks,
    pulls,
    scope,
    imageOf: (profile) => state.images[profile] ?? null,
    imagesOn: (host, profile) =>
      state.needs ?? {
        now: state.bases.includes(host) ? null : (state.images[profile] ?? ''),
        next: [],
      },
    preferredHost: () => state.preferred,
  });
  const waiting = jobs.map(
    ({ id, profile, queuedAt, notBefore }): WaitingJob => ({ key: String(id), profile, queuedAt, notBefore }),
  );
  const heard = () => {
    for (const { id } of jobs) gates.observed({ jobId: id, status: 'queued', seenAt: clock.now() } as never);
  };
  const place = (...hosts: string[]): Schedule =>
    schedule(
      waiting,
      hosts.map((name) => ({ name, free: 2 })),
      clock.now(),
      gates,
    );
  return {
    clock,
    state,
    began,
    breakers,
    checks,
    gates,
    waiting,
    place,
    /**
     * Where the jobs get slots, once everything started for that has ended; the jobs were observed just now.
     */
    granted: async (...hosts: string[]): Promise<string[]> => {
      heard();
      place(...hosts);
      await clock.pass(0);
      return place(...hosts).grants.map(({ key, host }) => `${key} on ${host}`);
    },
    /** The hosts have this image already, and are still pulling every other one. */
    has: async (image: string, ...hosts: string[]) => {
      for (const host of hosts) {
        state.pulls[host] = pull('completed');
        await pulls.ensure(host, image);
        delete state.pulls[host];
      }
      began.splice(0);
    },
    fail: (
      about: 'github' | 'registration' | 'profile' | 'host' | 'pair' | 'pull',
      name: string,
      times = 1,
    ) => {
      for (let n = 0; n < times; n += 1)
        breakers.tell({ about, name }, { type: 'attempt.failed', failure: failure('UNEXPECTED', 'no') });
    },
  };
}
