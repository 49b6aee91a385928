import { apiUrl } from '../github-base.ts';
import { actor, organization } from '../render/account.ts';
import { instant, nodeId } from '../render/format.ts';
import { renderJob } from '../render/job.ts';
import { repositoryOfEvent } from '../render/repository.ts';
import type { Accounts } from '../repositories.ts';
import type { Announcement } from './delivery-log.ts';
import type { Hook, HookTarget } from './hook.ts';

/** Returns the JSON that a webhook carries. */
export function webhookPayload(world: Accounts, hook: Hook, announcement: Announcement): object {
  if (announcement.event === 'ping') return pingPayload(world, hook);
  const { action, job, state } = announcement;
  const { repository } = job.run;
  const { owner } = repository;
  const { target } = hook;
  return {
    action,
    workflow_job: renderJob(world, job, state),
    repository: repositoryOfEvent(world, repository),
    ...(owner.type === 'Organization' ? { organization: organization(world, owner) } : {}),
    sender: actor(world, job.run.actor),
    ...(target.kind === 'integration'
      ? { installation: { id: target.installationId, node_id: nodeId('MDIz', target.installationId) } }
      : {}),
  };
}

function pingPayload(world: Accounts, hook: Hook): object {
  const { target, contentType } = hook;
  const url = hookUrl(world, hook);
  const createdAt = instant(hook.createdAt);
  return {
    zen: 'Keep it logically awesome.',
    hook_id: hook.id,
    hook: {
      type: HOOK_TYPES[target.kind],
      id: hook.id,
      name: 'web',
      active: true,
      events: [...hook.events],
      config: {
        content_type: contentType,
        insecure_ssl: '0',
        url: hook.url,
        ...(hook.secret === null ? {} : { secret: '********' }),
      },
      created_at: createdAt,
      updated_at: createdAt,
      ...(target.kind === 'integration'
        ? {}
        : { url, ping_url: `${url}/pings`, deliveries_url: `${url}/deliveries` }),
      ...(target.kind === 'repository'
        ? { test_url: `${url}/test`, last_response: { code: null, status: 'unused', message: null } }
        : {}),
    },
    ...(target.kind === 'repository' ? { repository: repositoryOfEvent(world, target.repository) } : {}),
    ...(target.kind === 'organization' ? { organization: organization(world, target.account) } : {}),
    sender: actor(world, 'octocat'),
  };
}

const HOOK_TYPES: Record<HookTarget['kind'], string> = {
  repository: 'Repository',
  organization: 'Organization',
  integration: 'App',
};

/** The webhook's address in the REST API; an App's only webhook has no id in its address. */
function hookUrl(world: Accounts, { id, target }: Hook): string {
  if (target.kind === 'integration') return `${apiUrl(world)}/app/hook`;
  const owner =
    target.kind === 'repository' ? `repos/${target.repository.fullName}` : `orgs/${target.account.login}`;
  return `${apiUrl(world)}/${owner}/hooks/${id}`;
}
