import type { GitHubWorld } from '../github-world.ts';
import type { TokenOptions } from '../options.ts';
import { Refusal } from '../refusal.ts';
import type { Repository } from '../repositories.ts';
import { verifyAppToken } from './app-token.ts';

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

const ALL_SCOPES = ['admin:org', 'admin:org_hook', 'admin:repo_hook', 'repo', 'workflow'];

/** Reads an `Authorization` header. Throws the 401 of GitHub's for whatever it does not know. */
export function authenticate(world: GitHubWorld, header: string | undefined): Credential {
  const token = /^(?:bearer|token) +(\S+)$/i.exec(header ?? '')?.[1];
  if (token === undefined) throw new Refusal(401, 'Requires authentication');
  const issued = world.issuedTokens.get(token);
  if (issued) {
    if (issued.expiresAt !== null && world.clock.now() >= issued.expiresAt) throw badCredentials();
    return issued;
  }
  const { app, tokens } = world.options;
  if (app && /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(token)) return verifyAppToken(app, token, world.clock.now());
  if (token.startsWith('ghs_')) throw badCredentials();
  const options = tokens === 'any' ? { scopes: ALL_SCOPES } : tokens[token];
  if (options === undefined) throw badCredentials();
  return userCredential(token, options);
}

/** The token of an App's installation, for the permissions and repositories asked for, or all that the App has. */
export function issueInstallationToken(
  world: GitHubWorld,
  installation: { id: number; account: string; permissions: Readonly<Record<string, 'read' | 'write'>> },
  repositories: readonly string[] | null,
): Credential & { expiresAt: number } {
  const credential = {
    kind: 'installation',
    token: `ghs_${world.ids.secret(36)}`,
    budget: `installation ${installation.id}`,
    login: null,
    scopes: null,
    permissions: installation.permissions,
    repositories,
    account: installation.account.toLowerCase(),
    expiresAt: world.clock.now() + world.options.timings.installationToken,
  } as const;
  world.issuedTokens.set(credential.token, credential);
  return credential;
}

export function canSee(credential: Credential, repository: Repository): boolean {
  const { account, repositories } = credential;
  if (account !== null && repository.owner.login.toLowerCase() !== account) return false;
  return repositories === null || repositories.includes(repository.fullName.toLowerCase());
}

function badCredentials(): Refusal {
  return new Refusal(401, 'Bad credentials');
}

function userCredential(token: string, options: TokenOptions): Credential {
  const login = options.login ?? 'octocat';
  const { scopes = null, permissions = null, repositories = null } = options;
  return {
    kind: permissions === null ? 'classic' : 'fineGrained',
    token,
    budget: `user ${login}`,
    login,
    scopes: permissions === null ? (scopes ?? ALL_SCOPES) : null,
    permissions,
    repositories: repositories?.map((one) => one.toLowerCase()) ?? null,
    account: null,
    expiresAt: null,
  };
}
