import type { GitHubBase } from '../github-base.ts';
import type { TokenOptions } from '../options.ts';
import { Refusal } from '../refusal.ts';
import { verifyAppToken } from './app-token.ts';
import type { Credential } from './credential.ts';

/** The installation tokens that were issued. */
export interface Access extends GitHubBase {
  readonly issuedTokens: Map<string, Credential>;
}

const ALL_SCOPES = ['admin:org', 'admin:org_hook', 'admin:repo_hook', 'repo', 'workflow'];

/** Reads an `Authorization` header. Throws GitHub's 401 for an unknown token. */
export function authenticate(world: Access, header: string | undefined): Credential {
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

/**
 * Issues a token of an App's installation, with the requested permissions and repositories, or with all of
 * the App's.
 */
export function issueInstallationToken(
  world: Access,
  installation: { id: number; account: string; permissions: Readonly<Record<string, 'read' | 'write'>> },
  repositories: readonly string[] | null,
): Credential & { expiresAt: number } {
  const credential = {
    kind: 'installation',
    token: newToken(world),
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

/**
 * The present form of GitHub's installation tokens: the App's id and a JWT, with two dots and some 520
 * characters.
 */
function newToken({ ids, options }: Access): string {
  return `ghs_${options.app?.id ?? 0}_eyJ${ids.secret(60)}.${ids.secret(110)}.${ids.secret(342)}`;
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
