import type { Repository } from '../repositories.ts';

/** The sender of a request, with its rights. */
export interface Credential {
  readonly kind: 'classic' | 'fineGrained' | 'installation' | 'app';
  /** The token itself: what is cached for one token is not valid for another. */
  readonly token: string;
  /** Whose hourly budget it uses. */
  readonly budget: string;
  readonly login: string | null;
  readonly scopes: readonly string[] | null;
  readonly permissions: Readonly<Record<string, 'read' | 'write'>> | null;
  /** `owner/name` in lower case of the repositories that it can see; null means all. */
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
