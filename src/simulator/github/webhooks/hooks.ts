import type { GitHubWorld } from '../github-world.ts';
import type { Account, Repository } from '../repositories.ts';
import { announcePing } from './deliveries.ts';

/** Whose events a webhook gets: those of a repository, of an organization, or of an App's installation. */
export type HookTarget =
  | { readonly kind: 'repository'; readonly repository: Repository }
  | { readonly kind: 'organization'; readonly account: Account }
  | { readonly kind: 'integration'; readonly account: Account; readonly installationId: number };

export interface Hook {
  readonly id: number;
  readonly target: HookTarget;
  readonly url: string;
  readonly secret: string | null;
  readonly contentType: 'json' | 'form';
  readonly events: readonly string[];
  readonly createdAt: number;
  /** Deliveries that are to come after the next one. */
  readonly held: (() => void)[];
}

export type NewHook = Pick<Hook, 'target' | 'url' | 'secret'> & Partial<Pick<Hook, 'contentType' | 'events'>>;

/** Makes a webhook, which is pinged at once. */
export function createHook(world: GitHubWorld, given: NewHook): Hook {
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
