import type { Account, Repository } from '../repositories.ts';

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
  /** Deliveries that are sent after the next one. */
  readonly held: (() => void)[];
}

/** Returns whether it gets the events of this repository. */
export function covers({ target }: Hook, repository: Repository): boolean {
  return target.kind === 'repository'
    ? target.repository === repository
    : target.account === repository.owner;
}

/** Returns the id in a delivery that names the owner of its webhook. */
export function targetId({ target }: Hook): number {
  if (target.kind === 'integration') return target.installationId;
  return target.kind === 'repository' ? target.repository.id : target.account.id;
}
