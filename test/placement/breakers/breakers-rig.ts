import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { DEFAULT_BREAKER_POLICIES } from '../../../machines/breaker.ts';
import { type Failure, failure } from '../../../machines/failure.ts';
import { type Job, runnerScopeOf } from '../../../machines/job/context.ts';
import type { SeenAttempt } from '../../../src/images/note-attempt.ts';
import { Breakers } from '../../../src/placement/breakers/breakers.ts';
import { JOB, VM } from '../../machines/job-samples.ts';
import { snapshotAt } from '../../machines/job-step.ts';
import { ManualClock } from '../../support/manual-clock.ts';

export const FREE = Number.POSITIVE_INFINITY;
export const MINUTE = 60_000;
export const GUEST = failure('GUEST_UNREACHABLE', 'The guest does not answer.');

interface Attempt {
  key?: string;
  host?: string;
  profile?: string;
  job?: Partial<Job>;
  digest?: string;
}

export type BreakersRig = ReturnType<typeof breakersRig>;

/** Breakers with the daemon's own policies, to which the test tells what happens to attempts. */
export function breakersRig() {
  const clock = new ManualClock();
  const logged: string[] = [];
  const changes: string[] = [];
  /** What was told of attempts and their images; those of the digest `next` are on trial. */
  const noted: SeenAttempt[] = [];
  const breakers = new Breakers({
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
  onTestFinished(() => breakers.stop());

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

  return { clock, breakers, logged, changes, noted, tell, fails, serves, held };
}
