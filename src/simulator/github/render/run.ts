import type { JobState, Run } from '../jobs/job.ts';
import { runConclusion, runStatus } from '../jobs/runs.ts';
import type { Accounts } from '../repositories.ts';
import { actor } from './account.ts';
import { instant, nodeId } from './format.ts';
import { minimalRepository, repositoryPage, repositoryUrl } from './repository.ts';

/** Returns a run whose jobs are in these states. */
export function renderRun(world: Accounts, run: Run, jobs: readonly JobState[], updatedAt = run.updatedAt) {
  const repository = minimalRepository(world, run.repository);
  const base = repositoryUrl(world, run.repository);
  const url = `${base}/actions/runs/${run.id}`;
  const user = actor(world, run.actor);
  return {
    id: run.id,
    name: run.workflow.name,
    node_id: nodeId('WFR', run.id),
    head_branch: run.headBranch,
    head_sha: run.headSha,
    path: run.workflow.path,
    display_title: run.workflow.name,
    run_number: run.number,
    event: run.event,
    status: runStatus(world, jobs),
    conclusion: runConclusion(jobs),
    workflow_id: run.workflow.id,
    check_suite_id: run.id + 1,
    check_suite_node_id: nodeId('CS', run.id + 1),
    url,
    html_url: `${repositoryPage(world, run.repository)}/actions/runs/${run.id}`,
    pull_requests: [],
    created_at: instant(run.createdAt),
    updated_at: instant(updatedAt),
    actor: user,
    run_attempt: run.attempt,
    referenced_workflows: [],
    run_started_at: instant(run.startedAt),
    triggering_actor: user,
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${base}/check-suites/${run.id + 1}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: run.attempt > 1 ? `${url}/attempts/${run.attempt - 1}` : null,
    workflow_url: `${base}/actions/workflows/${run.workflow.id}`,
    head_commit: {
      id: run.headSha,
      tree_id: run.headSha,
      message: 'Change something',
      timestamp: instant(run.createdAt),
      author: { name: run.actor, email: `${run.actor}@users.noreply.github.com` },
      committer: { name: 'GitHub', email: 'noreply@github.com' },
    },
    repository,
    head_repository: repository,
  };
}
