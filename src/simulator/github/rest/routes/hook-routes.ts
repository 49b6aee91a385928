import { notFound } from '../../refusal.ts';
import type { Accounts } from '../../repositories.ts';
import { announcePing, redeliver } from '../../webhooks/deliveries.ts';
import type { Delivery } from '../../webhooks/delivery-log.ts';
import type { Hook } from '../../webhooks/hook.ts';
import { webhookPayload } from '../../webhooks/webhook-payload.ts';
import { cursorPageOf } from '../pages.ts';
import { idOf, type Need, noContent, ok, type RestRequest, type RestRoute } from '../request.ts';

type Level = 'read' | 'write';
type HookOf = (request: RestRequest) => Hook;

const repositoryNeed = (level: Level): Need => ({
  permission: 'repository_hooks',
  level,
  scope: 'admin:repo_hook',
});
const organizationNeed = (level: Level): Need => ({
  permission: 'organization_hooks',
  level,
  scope: 'admin:org_hook',
});

export const hookRoutes: readonly RestRoute[] = [
  ...routesOf('/repos/:owner/:repo/hooks/:hook_id', repositoryNeed, repositoryHook),
  ...routesOf('/orgs/:org/hooks/:hook_id', organizationNeed, organizationHook),
  ...routesOf('/app/hook', () => 'app', appHook),
];

function routesOf(path: string, need: (level: Level) => Need, hookOf: HookOf): RestRoute[] {
  const deliveryOf = (request: RestRequest): Delivery => {
    const id = request.params.delivery_id ?? '';
    if (!/^\d+$/.test(id)) throw notFound();
    const found = request.world.deliveries.get(BigInt(id), request.world.clock.now());
    if (found?.hook !== hookOf(request)) throw notFound();
    return found;
  };
  const pings: RestRoute = {
    method: 'POST',
    path: `${path}/pings`,
    need: need('read'),
    handle: (request) => {
      announcePing(request.world, hookOf(request));
      return noContent;
    },
  };
  return [
    {
      method: 'GET',
      path: `${path}/deliveries`,
      need: need('read'),
      handle: (request) => {
        const { world, query } = request;
        const status = query.get('status');
        const isWanted = ({ statusCode }: Delivery) =>
          status === null || (status === 'success' ? (statusCode ?? 0) < 400 : (statusCode ?? 0) >= 400);
        const all = world.deliveries.of(hookOf(request), world.clock.now()).filter(isWanted);
        const { items, headers } = cursorPageOf(request, all);
        return ok(items.map(renderDeliveryItem), headers);
      },
    },
    {
      method: 'GET',
      path: `${path}/deliveries/:delivery_id`,
      need: need('read'),
      handle: (request) => ok(renderDelivery(request.world, deliveryOf(request))),
    },
    {
      method: 'POST',
      path: `${path}/deliveries/:delivery_id/attempts`,
      need: need('write'),
      handle: (request) => {
        redeliver(request.world, deliveryOf(request));
        return { status: 202, body: {} };
      },
    },
    ...(path.startsWith('/app') ? [] : [pings]),
  ];
}

function repositoryHook(request: RestRequest): Hook {
  const { owner, repo } = request.params;
  const hook = request.world.hooks.get(idOf(request, 'hook_id'));
  const name = `${owner}/${repo}`.toLowerCase();
  if (hook?.target.kind !== 'repository' || hook.target.repository.fullName.toLowerCase() !== name) {
    throw notFound();
  }
  return hook;
}

function organizationHook(request: RestRequest): Hook {
  const hook = request.world.hooks.get(idOf(request, 'hook_id'));
  const login = request.params.org?.toLowerCase();
  if (hook?.target.kind !== 'organization' || hook.target.account.login.toLowerCase() !== login) {
    throw notFound();
  }
  return hook;
}

/** An App has one webhook. */
function appHook({ world }: RestRequest): Hook {
  const hook = [...world.hooks.values()].find(({ target }) => target.kind === 'integration');
  if (!hook) throw notFound();
  return hook;
}

/** A delivery as it is in the list. */
function renderDeliveryItem({ announcement, hook, ...delivery }: Delivery) {
  const { target } = hook;
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: new Date(delivery.deliveredAt).toISOString(),
    redelivery: delivery.redelivery,
    duration: delivery.duration,
    status: delivery.status,
    status_code: delivery.statusCode,
    event: announcement.event,
    action: announcement.action,
    installation_id: target.kind === 'integration' ? target.installationId : null,
    repository_id: announcement.event === 'workflow_job' ? announcement.job.run.repository.id : null,
    throttled_at: null,
  };
}

function renderDelivery(world: Accounts, delivery: Delivery) {
  const { hook, announcement, requestHeaders, answer } = delivery;
  return {
    ...renderDeliveryItem(delivery),
    url: hook.url,
    request: { headers: requestHeaders, payload: webhookPayload(world, hook, announcement) },
    response: { headers: {}, payload: answer },
  };
}
