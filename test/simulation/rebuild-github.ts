import { enqueue } from '../../src/simulator/github/jobs/assignment.ts';
import type { Job, Run } from '../../src/simulator/github/jobs/job.ts';
import { newJob } from '../../src/simulator/github/jobs/job-changes.ts';
import { takeJob } from '../../src/simulator/github/jobs/job-lease.ts';
import { pushWorkflow } from '../../src/simulator/github/jobs/runs.ts';
import { ensureRepository, type Repository } from '../../src/simulator/github/repositories.ts';
import { openSession } from '../../src/simulator/github/runners/connection.ts';
import { scheduleCleanup } from '../../src/simulator/github/runners/removal.ts';
import { addRunner, occupy, type Runner } from '../../src/simulator/github/runners/runners.ts';
import { createHook } from '../../src/simulator/github/webhooks/create-hook.ts';
import { RUNNER_VERSION } from '../../src/simulator/guest/runner-scripts.ts';
import { isOurs } from './request-laws.ts';
import { runRunner } from './runner-process.ts';
import { type SimulatedWorld, WEBHOOK_SECRET } from './simulated-world.ts';
import type { StoredJob, StoredRunner, StoredWorld } from './stored-world.ts';

/** Milliseconds after which a runner that had ended its job is gone. */
const SOON = 15_000;

/**
 * GitHub with the stored jobs and runners; a runner that had a job gets it again once its process is there.
 */
export function rebuildGitHub(world: SimulatedWorld, stored: StoredWorld) {
  const { github, clock } = world;
  const repository = ensureRepository(github, 'acme/app');
  for (const kind of ['run', 'job', 'runner'] as const) passIds(world, kind, stored);
  const runners = new Map(stored.runners.map((one) => [one.name, rebuildRunner(world, repository, one)]));
  const jobs = stored.jobs.map((one) => ({ one, job: rebuildJob(world, repository, one) }));
  const lost = new Set(
    stored.macs.flatMap(({ vms }) =>
      vms.flatMap(({ runner }) => (runner?.does === 'lost' ? runner.name : [])),
    ),
  );

  const atWork: { job: Job; runner: Runner }[] = [];
  for (const { one, job } of jobs) {
    if (one.status === 'queued') enqueue(github, job);
    if (one.status !== 'in_progress') continue;
    const runner = runners.get(one.runner ?? '');
    if (!runner) throw new Error(`GitHub does not have the runner ${one.runner}`);
    github.assignments.set(job.id, { job, runner, pickUp: { cancel: () => undefined } });
    occupy(github, runner, job);
    if (lost.has(runner.name)) loseRunner(world, runner, job);
    else atWork.push({ job, runner });
    if (!isOurs(runner.name)) beStranger(world, runner);
  }
  const url = 'http://daemon.test/webhook';
  createHook(github, { target: { kind: 'repository', repository }, url, secret: WEBHOOK_SECRET });

  return {
    credentialsOf(name: string): Runner {
      const runner = runners.get(name);
      if (!runner) throw new Error(`GitHub does not have the runner ${name}`);
      return runner;
    },
    soon: () => clock.sleepUntil(clock.now() + SOON),
    async jobsAreTaken(): Promise<void> {
      for (const { job, runner } of atWork)
        github.sessions.get(runner.id)?.push({ kind: 'job', jobId: job.id });
      while (atWork.some(({ job }) => job.state.status !== 'in_progress')) {
        await clock.sleepUntil(clock.now() + 10);
      }
    },
  };
}

function rebuildRunner(
  { github }: SimulatedWorld,
  repository: Repository,
  { id, name, labels, isJit }: StoredRunner,
): Runner {
  const made = addRunner(github, {
    scope: { kind: 'repository', repository },
    name,
    groupId: 1,
    labels: labels.map((label) => ({ id: github.ids.next('label'), name: label, type: 'read-only' })),
    ephemeral: isJit,
    isJit,
    workFolder: '_work',
  });
  const runner = { ...made, id };
  github.runners.delete(made.id);
  github.runners.set(id, runner);
  scheduleCleanup(github, runner);
  return runner;
}

function rebuildJob({ github }: SimulatedWorld, repository: Repository, stored: StoredJob): Job {
  const { id, name, labels, createdAt, conclusion } = stored;
  const made = pushWorkflow(github, repository, { name: 'CI', jobs: [] });
  const run: Run = { ...made, id: stored.run, createdAt };
  github.runs.delete(made.id);
  github.runs.set(run.id, run);
  const steps = [{ name: 'work', run: `${stored.left} success` }];
  const isOver = stored.status === 'completed';
  const fresh = newJob(
    github,
    run,
    { name, labels, group: null, steps, needsApproval: false },
    {
      status: isOver ? 'completed' : 'queued',
      conclusion,
      startedAt: createdAt,
      completedAt: isOver ? github.clock.now() : null,
      runner:
        stored.runner === null ? null : { id: 0, name: stored.runner, groupId: 1, groupName: 'Default' },
    },
  );
  const job = { ...fresh, id, createdAt };
  github.jobs.delete(fresh.id);
  github.jobs.set(id, job);
  run.attempts.splice(0, Number.POSITIVE_INFINITY, [job]);
  return job;
}

/** Makes sure that ids which were used are not used again, not even for a moment. */
function passIds({ github }: SimulatedWorld, kind: 'run' | 'job' | 'runner', stored: StoredWorld): void {
  const given = {
    run: stored.jobs.map(({ run }) => run),
    job: stored.jobs.map(({ id }) => id),
    runner: stored.runners.map(({ id }) => id),
  }[kind];
  while (github.ids.next(kind) < Math.max(...given));
}

/**
 * The runner took its job and its process is gone: GitHub gives the job up when the runner was silent for
 * long enough.
 */
function loseRunner({ github, clock }: SimulatedWorld, runner: Runner, job: Job): void {
  const { clientId, secret } = runner;
  const greeting = { clientId, secret, version: RUNNER_VERSION, os: 'macOS', time: clock.now() };
  const session = openSession(github, greeting);
  takeJob(github, session, job.id);
  session.close('closed');
}

function beStranger({ github }: SimulatedWorld, runner: Runner): void {
  const manners = {
    connectsAfter: 0,
    exitsWith: null,
    lingers: 0,
    diesInJobAfter: null,
    clockSkew: 0,
    ignoresJobs: false,
  };
  const console = { print: () => undefined, setWorking: () => undefined, worked: () => undefined };
  void runRunner(github, runner, manners, console, new AbortController().signal);
}
