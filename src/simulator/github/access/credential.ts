import type { Repository } from '../repositories.ts';

/** Who asks, and what they may. */
export interface Credential {
  readonly kind: 'classic' | 'fineGrained' | 'installation' | 'app';
  /** The token itself: what is cached for one is not for another. */
  readonly token: string;
  /** Whose hourly budget it uses. */
  readonly budget: string;
  readonly login: string | null;
  readonly scopes: readonly string[] | null;
  readonly permissions: Readonly<Record<string, 'read' | 'write'>> | null;
  /** `owner/name` in lower case of those that it sees; null sees all. */
  readonly repositories: readonly string[] | null;
  /** Login of the account that an installation belongs to. */
  readonly account: string | null;
  readonly expiresAt: number | null;
}

export function canSee(credential: Credential, repository: Repository): boolean {
  const { account, repositories } = credential;
  if (account !== null && repository.owner.login.toLowerCase() !== account) return false;
  return repositories === null || repositories.includes(repository.fullName.toLowerCase());
}
