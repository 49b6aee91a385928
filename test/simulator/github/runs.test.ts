import { describe, expect, test } from 'vitest';
import type { Run } from '../../../src/simulator/github/jobs/job.ts';
import { completeJob } from '../../../src/simulator/github/jobs/job-lease.ts';
import { approveRun, cancelRun, currentJobs, rerun } from '../../../src/simulator/github/jobs/runs.ts';
import { connect, jitBody, REPOSITORY, runnerNamed, take, virtualGitHub } from './github-fixture.ts';

const HOUR = 3_600_000;
const RUNS = `/repos/${REPOSITORY}/actions/runs`;
const JIT = `/repos/${REPOSITORY}/actions/runners/generate-jitconfig`;

const statuses = (run: Run) => currentJobs(run).map(({ state }) => state.conclusion ?? state.status);

/** Gives the oldest queued job a runner, which takes it. */
async function startJob(github: ReturnType<typeof virtualGitHub>, name = 'mac') {
  await github.ask('POST', JIT, jitBody(name));
  const session = connect(github.world, runnerNamed(github.world, name));
  return { session, lease: await take(github.world, session) };
}

describe('a pushed workflow', () => {
  test('is listed with its queued jobs, which have labels, times and no runner', async () => {
    const { ask, push } = virtualGitHub();
    const run = push([{ labels: ['self-hosted', 'macOS'], steps: ['make'] }]);
    const listed = (await ask('GET', `${RUNS}?status=queued`)).body;
    expect(listed).toMatchObject({
      total_count: 1,
      workflow_runs: [{ id: run.id, status: 'queued', run_attempt: 1 }],
    });
    const { jobs } = (await ask('GET', `${RUNS}/${run.id}/jobs`)).body;
    expect(jobs).toMatchObject([
      { status: 'queued', conclusion: null, labels: ['self-hosted', 'macOS'], runner_id: null, steps: [] },
    ]);
    expect(jobs[0].started_at).toBe(jobs[0].created_at);
    expect((await ask('GET', `/repos/${REPOSITORY}/actions/jobs/${jobs[0].id}`)).body).toEqual(jobs[0]);
  });

  test('has its job done by a runner', async () => {
    const github = virtualGitHub();
    const run = github.push([{ steps: ['make'] }]);
    const { lease } = await startJob(github);
    const job = async () =>
      (await github.ask('GET', `/repos/${REPOSITORY}/actions/jobs/${lease.job.id}`)).body;
    expect(await job()).toMatchObject({
      status: 'in_progress',
      runner_name: 'mac',
      runner_group_name: 'Default',
    });
    expect((await job()).steps).toMatchObject([
      { number: 1, name: 'Set up job', status: 'in_progress' },
      { number: 2, name: 'Run make', status: 'queued' },
      { number: 3, name: 'Complete job', status: 'queued' },
    ]);
    await github.clock.pass(90_000);
    completeJob(github.world, lease.token, 'failure');
    expect(await job()).toMatchObject({ status: 'completed', conclusion: 'failure', runner_name: 'mac' });
    expect((await github.ask('GET', `${RUNS}/${run.id}`)).body).toMatchObject({
      status: 'completed',
      conclusion: 'failure',
    });
  });

  test('is cancelled after 24 hours in the queue', async () => {
    const { clock, push } = virtualGitHub();
    const run = push();
    await clock.pass(24 * HOUR - 1);
    expect(statuses(run)).toEqual(['queued']);
    await clock.pass(1);
    expect(statuses(run)).toEqual(['cancelled']);
  });

  test('waits for approval when a job needs it, and is queued after it', async () => {
    const github = virtualGitHub();
    const run = github.push([{ needsApproval: true }]);
    expect(statuses(run)).toEqual(['waiting']);
    expect((await github.ask('GET', `${RUNS}?status=waiting`)).body.total_count).toBe(1);
    await github.ask('POST', JIT, jitBody('mac'));
    connect(github.world, runnerNamed(github.world, 'mac'));
    expect(statuses(run)).toEqual(['waiting']);
    approveRun(github.world, run);
    expect([...github.world.assignments.values()].map(({ runner }) => runner.name)).toEqual(['mac']);
  });
});

describe('the status of a run', () => {
  test.each([
    ['leastAdvanced', 'queued'],
    ['mostAdvanced', 'in_progress'],
  ] as const)('follows the %s of its jobs', async (runStatusFollows, expected) => {
    const github = virtualGitHub({ runStatusFollows });
    github.push([{}, {}]);
    await startJob(github);
    const [run] = (await github.ask('GET', RUNS)).body.workflow_runs;
    expect(run.status).toBe(expected);
  });
});

describe('cancelling a run', () => {
  test('ends waiting and queued jobs at once, without a runner', async () => {
    const { ask, push } = virtualGitHub();
    const run = push([{}, { needsApproval: true }]);
    expect((await ask('POST', `${RUNS}/${run.id}/cancel`)).status).toBe(202);
    expect(statuses(run)).toEqual(['cancelled', 'cancelled']);
    const { jobs } = (await ask('GET', `${RUNS}/${run.id}/jobs`)).body;
    expect(jobs[0]).toMatchObject({ runner_id: 0, runner_name: '', steps: [] });
    const again = await ask('POST', `${RUNS}/${run.id}/cancel`);
    expect(again).toMatchObject({
      status: 409,
      body: { message: 'Cannot cancel a workflow run that is completed.' },
    });
  });

  test('asks a runner to end its job, and ends the job without the runner after five minutes', async () => {
    const github = virtualGitHub();
    const run = github.push();
    await startJob(github);
    cancelRun(github.world, run);
    await github.clock.pass(5 * 60_000 - 1);
    expect(statuses(run)).toEqual(['in_progress']);
    await github.clock.pass(1);
    expect(statuses(run)).toEqual(['cancelled']);
    expect(runnerNamed(github.world, 'mac').job).toBeNull();
  });

  test('gives the next job to a runner whose job was cancelled before it took it', async () => {
    const github = virtualGitHub();
    const first = github.push();
    await github.ask('POST', JIT, jitBody('mac'));
    const session = connect(github.world, runnerNamed(github.world, 'mac'));
    const second = github.push();
    cancelRun(github.world, first);
    const lease = await take(github.world, session);
    expect(lease.job.run).toBe(second);
  });
});

describe('running again', () => {
  test('makes new job ids in a new attempt, and keeps the old ones', async () => {
    const { ask, push, world } = virtualGitHub();
    const run = push();
    const [old] = currentJobs(run);
    cancelRun(world, run);
    rerun(world, run);
    const [fresh] = currentJobs(run);
    expect(fresh?.id).not.toBe(old?.id);
    const ids = async (path: string) => (await ask('GET', `${RUNS}/${run.id}${path}`)).body.jobs.map(idOf);
    expect(await ids('/jobs')).toEqual([fresh?.id]);
    expect(await ids('/jobs?filter=all')).toEqual([old?.id, fresh?.id]);
    expect(await ids('/attempts/1/jobs')).toEqual([old?.id]);
    expect((await ask('GET', `${RUNS}/${run.id}/attempts/3/jobs`)).status).toBe(404);
  });

  test('keeps successful jobs, under new ids, when only failed jobs run again', async () => {
    const github = virtualGitHub();
    const run = github.push([{}, {}]);
    const { lease } = await startJob(github);
    completeJob(github.world, lease.token, 'success');
    cancelRun(github.world, run);
    rerun(github.world, run, { failedOnly: true });
    expect(statuses(run)).toEqual(['success', 'queued']);
    expect(currentJobs(run)[0]?.id).not.toBe(lease.job.id);
    expect(currentJobs(run)[0]?.state.runner?.name).toBe('mac');
  });

  test('is refused while the run is not over', () => {
    const { push, world } = virtualGitHub();
    const run = push();
    expect(() => rerun(world, run)).toThrow('already running');
  });
});

const idOf = ({ id }: { id: number }) => id;

describe('the list of runs', () => {
  test('has pages, newest first, with links to the others', async () => {
    const { ask, push } = virtualGitHub();
    const ids = Array.from({ length: 5 }, () => push().id).reverse();
    const first = await ask('GET', `${RUNS}?status=queued&per_page=2`);
    expect(first.body.total_count).toBe(5);
    expect(first.body.workflow_runs.map(idOf)).toEqual(ids.slice(0, 2));
    const link = first.headers.get('link') ?? '';
    expect(link).toMatch(/status=queued&per_page=2&page=2>; rel="next"/);
    expect(link).toMatch(/page=3>; rel="last"/);
    const last = await ask('GET', `${RUNS}?per_page=2&page=3`);
    expect(last.body.workflow_runs.map(idOf)).toEqual(ids.slice(4));
    expect(last.headers.get('link')).toMatch(/page=2>; rel="prev", .*page=1>; rel="first"$/);
  });

  test('has thirty on a page by default and never more than a hundred', async () => {
    const { ask, push } = virtualGitHub();
    for (let i = 0; i < 101; i += 1) push();
    const size = async (query: string) => (await ask('GET', `${RUNS}${query}`)).body.workflow_runs.length;
    expect(await size('')).toBe(30);
    expect(await size('?per_page=1000')).toBe(100);
  });

  test('is filtered by status, conclusion and age', async () => {
    const { ask, clock, push, world } = virtualGitHub();
    const old = push();
    const since = new Date(clock.now() + HOUR).toISOString().replace('.000', '');
    await clock.pass(2 * HOUR);
    const young = push();
    cancelRun(world, young);
    const found = async (query: string) =>
      (await ask('GET', `${RUNS}?${query}`)).body.workflow_runs.map(idOf);
    expect(await found('status=queued')).toEqual([old.id]);
    expect(await found('status=completed')).toEqual([young.id]);
    expect(await found('status=cancelled')).toEqual([young.id]);
    expect(await found(`created=>=${since}`)).toEqual([young.id]);
    expect(await found(`created=<${since}`)).toEqual([old.id]);
    expect(await found(`created=*..${since}`)).toEqual([old.id]);
    expect(await found(`created=${since.slice(0, 10)}`)).toEqual([young.id, old.id]);
    expect(await found('event=schedule')).toEqual([]);
  });

  test('has only the runs of its repository', async () => {
    const { ask, push } = virtualGitHub();
    push([{}], 'octo/other');
    push();
    expect((await ask('GET', RUNS)).body.total_count).toBe(1);
  });

  test('lags behind in its jobs and its times', async () => {
    const github = virtualGitHub({ timings: { listLag: 10_000 } });
    const { ask, clock, world } = github;
    const run = github.push();
    const jobs = async () => (await ask('GET', `${RUNS}/${run.id}/jobs`)).body.jobs;
    const [job] = currentJobs(run);
    expect((await ask('GET', RUNS)).body.total_count).toBe(0);
    expect(await jobs()).toEqual([]);
    expect((await ask('GET', `/repos/${REPOSITORY}/actions/jobs/${job?.id}`)).body.status).toBe('queued');
    await clock.pass(10_000);
    expect((await jobs())[0].status).toBe('queued');
    const before = (await ask('GET', RUNS)).body.workflow_runs[0].updated_at;
    cancelRun(world, run);
    await clock.pass(9_999);
    expect((await jobs())[0].status).toBe('queued');
    expect((await ask('GET', RUNS)).body.workflow_runs[0]).toMatchObject({
      status: 'queued',
      updated_at: before,
    });
    await clock.pass(1);
    expect((await jobs())[0].status).toBe('completed');
    expect((await ask('GET', RUNS)).body.workflow_runs[0].updated_at).not.toBe(before);
  });
});
