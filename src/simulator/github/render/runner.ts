import { apiUrl, type GitHubBase } from '../github-base.ts';
import type { RunnerGroup } from '../repositories.ts';
import { type Runner, type RunnerState, seemsBusy } from '../runners/runners.ts';

/** A runner in a given state, with its late `busy`. */
export function renderRunner(world: GitHubBase, runner: Runner, state: RunnerState) {
  return {
    id: runner.id,
    name: runner.name,
    os: state.os,
    status: state.status,
    busy: seemsBusy(world, runner),
    labels: runner.labels.map(({ id, name, type }) => ({ id, name, type })),
    ephemeral: runner.ephemeral,
    runner_group_id: runner.groupId,
    version: state.version,
  };
}

export function renderRunnerGroup(world: GitHubBase, login: string, group: RunnerGroup) {
  const url = `${apiUrl(world)}/orgs/${login}/actions/runner-groups/${group.id}`;
  return {
    id: group.id,
    name: group.name,
    visibility: group.visibility,
    default: group.isDefault,
    ...(group.visibility === 'selected' ? { selected_repositories_url: `${url}/repositories` } : {}),
    runners_url: `${url}/runners`,
    hosted_runners_url: `${url}/hosted-runners`,
    inherited: false,
    allows_public_repositories: group.allowsPublic,
    restricted_to_workflows: false,
    selected_workflows: [],
    workflow_restrictions_read_only: false,
  };
}
