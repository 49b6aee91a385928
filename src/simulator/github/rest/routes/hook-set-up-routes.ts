import { z } from 'zod';
import { notFound, Refusal } from '../../refusal.ts';
import { organizationOf, repositoryOf } from '../../repositories.ts';
import { createHook } from '../../webhooks/create-hook.ts';
import type { Hook, HookTarget } from '../../webhooks/hook.ts';
import { idOf, type Need, ok, type RestRequest, type RestRoute } from '../request.ts';

type Level = 'read' | 'write';
type TargetOf = (request: RestRequest) => HookTarget;

const fields = z.object({
  name: z.literal('web').optional(),
  active: z.boolean().optional(),
  events: z.array(z.string()).default(['push']),
  config: z.object({
    url: z.string(),
    content_type: z.enum(['json', 'form']).default('form'),
    secret: z.string().nullish(),
  }),
});

/** The routes to list, create and change the webhooks of a repository or an organization. */
export const hookSetUpRoutes: readonly RestRoute[] = [
  ...routesOf(
    '/repos/:owner/:repo/hooks',
    (level) => ({ permission: 'repository_hooks', level, scope: 'admin:repo_hook' }),
    ({ world, params }) => ({
      kind: 'repository',
      repository: repositoryOf(world, params.owner ?? '', params.repo ?? ''),
    }),
  ),
  ...routesOf(
    '/orgs/:org/hooks',
    (level) => ({ permission: 'organization_hooks', level, scope: 'admin:org_hook' }),
    ({ world, params }) => ({ kind: 'organization', account: organizationOf(world, params.org ?? '') }),
  ),
];

function routesOf(path: string, need: (level: Level) => Need, targetOf: TargetOf): RestRoute[] {
  const hooksOf = (request: RestRequest) => {
    const name = nameOf(targetOf(request));
    return [...request.world.hooks.values()].filter(({ target }) => nameOf(target) === name);
  };
  return [
    { method: 'GET', path, need: need('read'), handle: (request) => ok(hooksOf(request).map(render)) },
    {
      method: 'POST',
      path,
      need: need('write'),
      handle: (request) => {
        const { events, config } = fields.parse(request.body);
        if (hooksOf(request).some(({ url }) => url === config.url)) {
          throw new Refusal(422, 'Validation Failed: Hook already exists on this repository');
        }
        const { url, secret, content_type: contentType } = config;
        const target = targetOf(request);
        const hook = createHook(request.world, { target, url, secret: secret ?? null, contentType, events });
        return { status: 201, body: render(hook) };
      },
    },
    {
      method: 'PATCH',
      path: `${path}/:hook_id`,
      need: need('write'),
      handle: (request) => {
        const hook = hooksOf(request).find(({ id }) => id === idOf(request, 'hook_id'));
        if (!hook) throw notFound();
        const { events, config } = fields.parse(request.body);
        const { url, secret, content_type: contentType } = config;
        const changed = { ...hook, events, url, secret: secret ?? null, contentType };
        request.world.hooks.set(hook.id, changed);
        return ok(render(changed));
      },
    },
  ];
}

function nameOf(target: HookTarget): string {
  const name = target.kind === 'repository' ? target.repository.fullName : target.account.login;
  return `${target.kind} ${name.toLowerCase()}`;
}

/** As GitHub lists it: the secret is never returned. */
function render({ id, url, contentType, events, secret }: Hook) {
  const config = { url, content_type: contentType, insecure_ssl: '0', ...(secret && { secret: '********' }) };
  return { type: 'Repository', id, name: 'web', active: true, events, config };
}
