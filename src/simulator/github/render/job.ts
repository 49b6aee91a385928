import { apiUrl, type GitHubBase } from '../github-base.ts';
import type { Job, JobState, JobStep } from '../jobs/job.ts';
import { instant, nodeId } from './format.ts';
import { repositoryPage, repositoryUrl } from './repository.ts';

/** Returns a job in a given state: the same object in REST responses and in webhooks. */
export function renderJob(world: GitHubBase, job: Job, state: JobState) {
  const { run } = job;
  const repository = repositoryUrl(world, run.repository);
  const runUrl = `${repository}/actions/runs/${run.id}`;
  return {
    id: job.id,
    run_id: run.id,
    workflow_name: run.workflow.name,
    head_branch: run.headBranch,
    run_url: runUrl,
    run_attempt: job.attempt,
    node_id: nodeId('CR', job.id),
    head_sha: run.headSha,
    url: `${repository}/actions/jobs/${job.id}`,
    html_url: `${repositoryPage(world, run.repository)}/actions/runs/${run.id}/job/${job.id}`,
    status: state.status,
    conclusion: state.conclusion,
    created_at: instant(job.createdAt),
    started_at: instant(state.startedAt),
    completed_at: state.completedAt === null ? null : instant(state.completedAt),
    name: job.spec.name,
    steps: state.steps.map(renderStep),
    check_run_url: `${apiUrl(world)}/repos/${run.repository.fullName}/check-runs/${job.id}`,
    labels: [...job.spec.labels],
    ...runnerFields(state),
  };
}

/** A job that ended before it had a runner has zeros and empty names where a queued one has nulls. */
function runnerFields({ runner, status }: JobState) {
  if (runner) {
    return {
      runner_id: runner.id,
      runner_name: runner.name,
      runner_group_id: runner.groupId,
      runner_group_name: runner.groupName,
    };
  }
  const [id, name] = status === 'completed' ? [0, ''] : [null, null];
  return { runner_id: id, runner_name: name, runner_group_id: id, runner_group_name: name };
}

function renderStep(step: JobStep) {
  return {
    name: step.name,
    status: step.status,
    conclusion: step.conclusion,
    number: step.number,
    started_at: step.startedAt === null ? null : instant(step.startedAt),
    completed_at: step.completedAt === null ? null : instant(step.completedAt),
  };
}
