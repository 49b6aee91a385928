import { apiUrl, type GitHubBase } from '../../github-base.ts';
import { notFound } from '../../refusal.ts';
import { instant } from '../../render/format.ts';
import { groupAllows, organizationOf, type RunnerGroup, repositoryOf } from '../../repositories.ts';
import { jitConfig } from '../../runners/jit-config.ts';
import { deleteRunner, registerJit, throwIfClosed } from '../../runners/registration.ts';
import { newRegistrationToken, type RegistrationToken } from '../../runners/registration-tokens.ts';
import { isSameScope, type Runner, type RunnerState, type Scope, seemsBusy } from '../../runners/runners.ts';
import { pageOf } from '../pages.ts';
import { idOf, type Need, noContent, ok, type Reply, type RestRequest, type RestRoute } from '../request.ts';

type Level = 'read' | 'write';

const SCOPES = [
  {
    base: '/repos/:owner/:repo',
    need: (level: Level): Need => ({ permission: 'administration', level, scope: 'repo' }),
    scope: ({ world, params }: RestRequest): Scope => ({
      kind: 'repository',
      repository: repositoryOf(world, params.owner ?? '', params.repo ?? ''),
    }),
  },
  {
    base: '/orgs/:org',
    need: (level: Level): Need => ({
      permission: 'organization_self_hosted_runners',
      level,
      scope: 'admin:org',
    }),
    scope: ({ world, params }: RestRequest): Scope => ({
      kind: 'organization',
      account: organizationOf(world, params.org ?? ''),
    }),
  },
] as const;

export const runnerRoutes: readonly RestRoute[] = [
  ...SCOPES.flatMap(({ base, need, scope }) => routesOf(`${base}/actions/runners`, need, scope)),
  {
    method: 'GET',
    path: '/orgs/:org/actions/runner-groups',
    need: { permission: 'organization_self_hosted_runners', level: 'read', scope: 'admin:org' },
    handle: listGroups,
  },
];

function routesOf(
  path: string,
  need: (level: Level) => Need,
  scopeOf: (request: RestRequest) => Scope,
): RestRoute[] {
  const one = (request: RestRequest): Runner => {
    const runner = request.world.runners.get(idOf(request, 'runner_id'));
    if (!runner || !isSameScope(runner.scope, scopeOf(request))) throw notFound();
    return runner;
  };
  const token = (purpose: RegistrationToken['purpose']) => (request: RestRequest) => {
    const scope = scopeOf(request);
    if (purpose === 'registration') throwIfClosed(scope);
    const made = newRegistrationToken(request.world, scope, purpose);
    return { status: 201, body: { token: made.token, expires_at: instant(made.expiresAt) } };
  };
  return [
    { method: 'GET', path, need: need('read'), handle: (request) => listRunners(request, scopeOf(request)) },
    {
      method: 'GET',
      path: `${path}/deprecations/:version`,
      need: need('read'),
      handle: (request) => {
        scopeOf(request);
        if (request.world.options.enterpriseVersion !== null) throw notFound();
        const version = request.params.version ?? '';
        const end = request.world.options.runnerEnds[version];
        const at = end === undefined ? null : instant(end);
        return ok({ runner_version: version, runtime_deprecates_at: at, registration_deprecates_at: at });
      },
    },
    {
      method: 'GET',
      path: `${path}/:runner_id`,
      need: need('read'),
      handle: (request) => {
        const runner = one(request);
        return ok(renderRunner(request.world, runner, runner.state));
      },
    },
    {
      method: 'DELETE',
      path: `${path}/:runner_id`,
      need: need('write'),
      handle: (request) => {
        deleteRunner(request.world, one(request));
        return noContent;
      },
    },
    {
      method: 'POST',
      path: `${path}/generate-jitconfig`,
      need: need('write'),
      handle: (request) => {
        const { world, body } = request;
        const runner = registerJit(world, scopeOf(request), body);
        const rendered = renderRunner(world, runner, runner.state);
        return { status: 201, body: { runner: rendered, encoded_jit_config: jitConfig(world, runner) } };
      },
    },
    {
      method: 'POST',
      path: `${path}/registration-token`,
      need: need('write'),
      handle: token('registration'),
    },
    { method: 'POST', path: `${path}/remove-token`, need: need('write'), handle: token('remove') },
  ];
}

function listRunners(request: RestRequest, scope: Scope): Reply {
  const { world, query } = request;
  const now = world.clock.now();
  const name = query.get('name');
  const shown = [...world.runners.values(), ...world.departed].flatMap((runner): [Runner, RunnerState][] => {
    if (!isSameScope(runner.scope, scope) || (name !== null && runner.name !== name)) return [];
    const state = runner.shown.seen(now);
    return state ? [[runner, state]] : [];
  });
  const { items, headers } = pageOf(request, shown);
  const runners = items.map(([runner, state]) => renderRunner(world, runner, state));
  return ok({ total_count: shown.length, runners }, headers);
}

function listGroups(request: RestRequest): Reply {
  const { world, params, query } = request;
  const account = organizationOf(world, params.org ?? '');
  const visibleTo = query.get('visible_to_repository');
  const repository = visibleTo === null ? null : repositoryOf(world, account.login, visibleTo);
  const groups = account.groups.filter((group) => repository === null || groupAllows(group, repository));
  const { items, headers } = pageOf(request, groups);
  const rendered = items.map((group) => renderRunnerGroup(world, account.login, group));
  return ok({ total_count: groups.length, runner_groups: rendered }, headers);
}

/** A runner in a given state, with its late `busy`. */
function renderRunner(world: GitHubBase, runner: Runner, state: RunnerState) {
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

function renderRunnerGroup(world: GitHubBase, login: string, group: RunnerGroup) {
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
