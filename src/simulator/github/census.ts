import type { GitHubWorld } from './github-world.ts';
import { scopeKey } from './runners/runners.ts';

/** Everything that matters at the end of a run, as plain data. */
export function census(world: GitHubWorld) {
  return {
    jobs: [...world.jobs.values()].map(({ id, run, attempt, spec, state }) => ({
      id,
      runId: run.id,
      attempt,
      repository: run.repository.fullName,
      workflow: run.workflow.name,
      name: spec.name,
      labels: spec.labels,
      status: state.status,
      conclusion: state.conclusion,
      runner: state.runner?.name ?? null,
    })),
    runners: [...world.runners.values()].map(({ id, name, scope, state, job, labels }) => ({
      id,
      name,
      scope: scopeKey(scope),
      status: state.status,
      busy: job !== null,
      labels: labels.map((label) => label.name),
    })),
    hooks: [...world.hooks.values()].map(({ id, url }) => ({ id, url })),
    requests: world.requests.all(),
  };
}
