import { z } from 'zod';
import { issueInstallationToken } from '../../access/authenticate.ts';
import type { Credential } from '../../access/credential.ts';
import type { GitHubWorld } from '../../github-world.ts';
import type { AppOptions } from '../../options.ts';
import { notFound, Refusal } from '../../refusal.ts';
import { privateUser } from '../../render/account.ts';
import { renderApp, renderInstallation } from '../../render/app.ts';
import { instant } from '../../render/format.ts';
import { fullRepository } from '../../render/repository.ts';
import { organizationOf, repositoryOf } from '../../repositories.ts';
import { idOf, ok, type RestRequest, type RestRoute } from '../request.ts';

export const accountRoutes: readonly RestRoute[] = [
  {
    method: 'GET',
    path: '/user',
    need: 'nothing',
    handle: ({ world, credential }) => {
      if (credential.login === null) throw new Refusal(403, 'Resource not accessible by integration');
      return ok(privateUser(world, credential.login), scopesOf(credential));
    },
  },
  {
    method: 'GET',
    path: '/repos/:owner/:repo',
    need: 'nothing',
    handle: ({ world, params }) =>
      ok(fullRepository(world, repositoryOf(world, params.owner ?? '', params.repo ?? ''))),
  },
  {
    method: 'GET',
    path: '/users/:login',
    need: 'nothing',
    handle: ({ world, params }) => {
      const account = world.accounts.get((params.login ?? '').toLowerCase());
      if (!account) throw notFound();
      return ok(privateUser(world, account.login));
    },
  },
  { method: 'GET', path: '/rate_limit', need: 'nothing', isFree: true, handle: rateLimit },
  {
    method: 'GET',
    path: '/meta',
    need: 'nothing',
    handle: ({ world }) => {
      const { enterpriseVersion } = world.options;
      const version = enterpriseVersion === null ? {} : { installed_version: enterpriseVersion };
      return ok({ verifiable_password_authentication: false, ...version });
    },
  },
  { method: 'GET', path: '/app', need: 'app', handle: ({ world }) => ok(renderApp(world, appOf(world))) },
  {
    method: 'GET',
    path: '/app/installations/:installation_id',
    need: 'app',
    handle: (request) => {
      const { id, account } = installationOf(request);
      return ok(renderInstallation(request.world, appOf(request.world), id, account));
    },
  },
  {
    method: 'GET',
    path: '/repos/:owner/:repo/installation',
    need: 'app',
    handle: ({ world, params }) =>
      installationFor(world, repositoryOf(world, params.owner ?? '', params.repo ?? '').owner.login),
  },
  {
    method: 'GET',
    path: '/orgs/:org/installation',
    need: 'app',
    handle: ({ world, params }) => installationFor(world, organizationOf(world, params.org ?? '').login),
  },
  {
    method: 'POST',
    path: '/app/installations/:installation_id/access_tokens',
    need: 'app',
    handle: issueToken,
  },
];

const tokenRequest = z.object({
  repositories: z.array(z.string()).optional(),
  permissions: z.record(z.string(), z.enum(['read', 'write'])).optional(),
});

function issueToken(request: RestRequest) {
  const { world } = request;
  const { id, account } = installationOf(request);
  const granted = appOf(world).permissions;
  const { data: asked } = tokenRequest.safeParse(request.body ?? {});
  if (!asked) throw new Refusal(422, 'Invalid request.');
  const permissions = asked.permissions ?? granted;
  for (const [name, level] of Object.entries(permissions)) {
    if (granted[name] === level || granted[name] === 'write') continue;
    throw new Refusal(422, 'The permissions requested are not granted to this installation.');
  }
  const repositories = asked.repositories?.map((name) => `${account}/${name}`.toLowerCase()) ?? null;
  if (repositories?.some((name) => !world.repositories.has(name))) {
    const message =
      'There is at least one repository that does not exist or is not accessible to the parent installation.';
    throw new Refusal(422, message);
  }
  const issued = issueInstallationToken(world, { id, account, permissions }, repositories);
  return {
    status: 201,
    body: {
      token: issued.token,
      expires_at: instant(issued.expiresAt),
      permissions,
      repository_selection: repositories ? 'selected' : 'all',
    },
  };
}

function rateLimit({ world, credential }: RestRequest) {
  const window = world.limits.windowOf(credential.budget);
  if (window === null) throw new Refusal(404, 'Rate limiting is not enabled.');
  const reset = Math.ceil(window.resetAt / 1000);
  const untouched = (limit: number) => ({ limit, used: 0, remaining: limit, reset });
  const core = { limit: window.limit, used: window.used, remaining: window.limit - window.used, reset };
  const resources = {
    core,
    search: untouched(30),
    graphql: untouched(5_000),
    actions_runner_registration: untouched(10_000),
  };
  return ok({ resources, rate: core });
}

function scopesOf({ scopes }: Credential): Record<string, string> {
  return scopes ? { 'x-oauth-scopes': scopes.join(', ') } : {};
}

function appOf(world: GitHubWorld): AppOptions {
  if (!world.options.app) throw notFound();
  return world.options.app;
}

function installationOf(request: RestRequest): { id: number; account: string } {
  const id = idOf(request, 'installation_id');
  const account = appOf(request.world).installations[id];
  if (account === undefined) throw notFound();
  return { id, account };
}

function installationFor(world: GitHubWorld, login: string) {
  const app = appOf(world);
  for (const [id, account] of Object.entries(app.installations)) {
    if (account.toLowerCase() === login.toLowerCase())
      return ok(renderInstallation(world, app, Number(id), account));
  }
  throw notFound();
}
