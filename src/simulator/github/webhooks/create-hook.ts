import { announcePing, type Webhooks } from './deliveries.ts';
import type { Hook } from './hook.ts';

export type NewHook = Pick<Hook, 'target' | 'url' | 'secret'> & Partial<Pick<Hook, 'contentType' | 'events'>>;

/** Makes a webhook, which is pinged at once. */
export function createHook(world: Webhooks, given: NewHook): Hook {
  const hook: Hook = {
    contentType: 'json',
    events: ['workflow_job'],
    ...given,
    id: world.ids.next('hook'),
    createdAt: world.clock.now(),
    held: [],
  };
  world.hooks.set(hook.id, hook);
  announcePing(world, hook);
  return hook;
}
