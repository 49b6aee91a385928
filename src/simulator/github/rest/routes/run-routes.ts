import type { GitHubWorld } from '../../github-world.ts';
import type { Job, JobState, Run } from '../../jobs/job.ts';
import { cancelRun, currentJobs, runConclusion, runStatus } from '../../jobs/runs.ts';
import { notFound } from '../../refusal.ts';
import { renderJob } from '../../render/job.ts';
import { renderRun } from '../../render/run.ts';
import { type Repository, repositoryOf } from '../../repositories.ts';
import { pageOf } from '../pages.ts';
import { idOf, type Need, ok, type Reply, type RestRequest, type RestRoute } from '../request.ts';

const READ: Need = { permission: 'actions', level: 'read', scope: 'repo' };
const WRITE: Need = { permission: 'actions', level: 'write', scope: 'repo' };
const ACTIONS = '/repos/:owner/:repo/actions';

/** With a filter GitHub lists no more runs than this. */
const MAX_FILTERED_RUNS = 1_000;

const FILTERS = ['status', 'event', 'branch', 'actor', 'created', 'head_sha'];

export const runRoutes: readonly RestRoute[] = [
  { method: 'GET', path: `${ACTIONS}/runs`, need: READ, handle: listRuns },
  {
    method: 'GET',
    path: `${ACTIONS}/runs/:run_id`,
    need: READ,
    handle: (request) => {
      const run = runOf(request);
      const states = currentJobs(run).map(({ state }) => state);
      return ok(renderRun(request.world, run, states));
    },
  },
  { method: 'GET', path: `${ACTIONS}/runs/:run_id/jobs`, need: READ, handle: listJobs },
  {
    method: 'GET',
    path: `${ACTIONS}/runs/:run_id/attempts/:attempt_number/jobs`,
    need: READ,
    handle: (request) => {
      const jobs = runOf(request).attempts[idOf(request, 'attempt_number') - 1];
      if (!jobs) throw notFound();
      return jobPage(request, seen(request, jobs));
    },
  },
  {
    method: 'GET',
    path: `${ACTIONS}/jobs/:job_id`,
    need: READ,
    handle: (request) => {
      const job = request.world.jobs.get(idOf(request, 'job_id'));
      if (job?.run.repository !== repository(request)) throw notFound();
      return ok(renderJob(request.world, job, job.state));
    },
  },
  {
    method: 'POST',
    path: `${ACTIONS}/runs/:run_id/cancel`,
    need: WRITE,
    handle: (request) => {
      cancelRun(request.world, runOf(request));
      return { status: 202, body: {} };
    },
  },
];

/** Newest first. A run that lists do not show yet is missing, and a listed run may be over. */
function listRuns(request: RestRequest): Reply {
  const { world, query } = request;
  const own = repository(request);
  const isCreatedInRange = createdFilter(query.get('created'));
  const runs: [Run, JobState[]][] = [];
  for (const run of world.runs.values()) {
    if (run.repository !== own || !isCreatedInRange(run.createdAt) || !fits(run, query)) continue;
    const states = shownJobs(request, run).map(([, state]) => state);
    if (states.length > 0 && hasStatus(world, states, query.get('status'))) runs.push([run, states]);
  }
  runs.reverse();
  const isFiltered = FILTERS.some((key) => query.has(key));
  const { items, headers } = pageOf(request, isFiltered ? runs.slice(0, MAX_FILTERED_RUNS) : runs);
  const now = world.clock.now();
  const rendered = items.map(([run, states]) =>
    renderRun(world, run, states, run.shownUpdate.seen(now) ?? run.createdAt),
  );
  return ok({ total_count: runs.length, workflow_runs: rendered }, headers);
}

function listJobs(request: RestRequest): Reply {
  const run = runOf(request);
  const all = request.query.get('filter') === 'all';
  return jobPage(request, all ? seen(request, run.attempts.flat()) : shownJobs(request, run));
}

function jobPage(request: RestRequest, jobs: readonly [Job, JobState][]): Reply {
  const { items, headers } = pageOf(request, jobs);
  const rendered = items.map(([job, state]) => renderJob(request.world, job, state));
  return ok({ total_count: jobs.length, jobs: rendered }, headers);
}

/** The jobs of the latest attempt that has jobs in the lists. */
function shownJobs(request: RestRequest, run: Run): [Job, JobState][] {
  for (const jobs of run.attempts.toReversed()) {
    const shown = seen(request, jobs);
    if (shown.length > 0) return shown;
  }
  return [];
}

function seen({ world }: RestRequest, jobs: readonly Job[]): [Job, JobState][] {
  const now = world.clock.now();
  return jobs.flatMap((job): [Job, JobState][] => {
    const state = job.shown.seen(now);
    return state ? [[job, state]] : [];
  });
}

/** The `status` filter names a status or a conclusion. */
function hasStatus(world: GitHubWorld, states: readonly JobState[], wanted: string | null): boolean {
  return wanted === null || runStatus(world, states) === wanted || runConclusion(states) === wanted;
}

function fits(run: Run, query: URLSearchParams): boolean {
  const fields = { event: run.event, branch: run.headBranch, actor: run.actor, head_sha: run.headSha };
  return Object.entries(fields).every(([key, value]) => (query.get(key) ?? value) === value);
}

function runOf(request: RestRequest): Run {
  const run = request.world.runs.get(idOf(request, 'run_id'));
  if (run?.repository !== repository(request)) throw notFound();
  return run;
}

function repository({ world, params }: RestRequest): Repository {
  return repositoryOf(world, params.owner ?? '', params.repo ?? '');
}

/**
 * Returns the `created` filter of runs, in GitHub's search syntax: an instant or a day, `>`, `>=`, `<`, `<=` before
 * one, or two with `..` between, of which one may be `*`. A filter that cannot be read matches every run.
 */
export function createdFilter(text: string | null): (createdAt: number) => boolean {
  if (text === null) return () => true;
  const [from, to] = text.split('..');
  if (to !== undefined) {
    const [least, most] = [start(from ?? '*'), end(to)];
    return (at) => !(at < least) && !(at > most);
  }
  const [, operator, value = ''] = /^(>=|<=|>|<)?(.*)$/.exec(text) ?? [];
  switch (operator) {
    case '>=':
      return (at) => !(at < start(value));
    case '>':
      return (at) => !(at <= end(value));
    case '<=':
      return (at) => !(at > end(value));
    case '<':
      return (at) => !(at >= start(value));
    default:
      return (at) => !(at < start(value)) && !(at > end(value));
  }
}

const DAY_MS = 24 * 3_600_000;
const isDay = (text: string) => /^\d{4}-\d\d-\d\d$/.test(text);

const start = (text: string) => Date.parse(text);
const end = (text: string) => Date.parse(text) + (isDay(text) ? DAY_MS - 1 : 999);
