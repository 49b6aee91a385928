import { undecodable } from '../access/app-token.ts';
import { type Credential, canSee } from '../access/credential.ts';
import { notFound, Refusal } from '../refusal.ts';
import { organizationOf, repositoryOf } from '../repositories.ts';
import type { Need, RestRequest } from './request.ts';

/**
 * Lets a request pass or refuses it as GitHub does. What a credential cannot see does not exist (404), and a
 * classic token without the scope sees nothing either (404). A fine-grained token without the permission gets
 * a 403 that says so.
 */
export function authorize(need: Need, request: Omit<RestRequest, 'body'>): void {
  const { credential, world, params } = request;
  if (need === 'app') {
    if (credential.kind !== 'app') throw undecodable();
    return;
  }
  if (credential.kind === 'app') throw undecodable();
  const { owner, repo, org } = params;
  if (owner !== undefined && repo !== undefined) {
    if (!canSee(credential, repositoryOf(world, owner, repo))) throw notFound();
  }
  if (org !== undefined) {
    const account = organizationOf(world, org);
    if (credential.account !== null && credential.account !== account.login.toLowerCase()) throw notFound();
  }
  if (need === 'nothing') return;
  if (credential.scopes) {
    if (!credential.scopes.includes(need.scope)) throw notFound();
  } else if (!isGranted(need, credential)) {
    const whom = credential.kind === 'installation' ? 'integration' : 'personal access token';
    throw new Refusal(403, `Resource not accessible by ${whom}`);
  }
}

/** Returns the headers in which GitHub names the required and the granted permissions. */
export function permissionHeaders(need: Need, credential: Credential | null): Record<string, string> {
  if (typeof need === 'string' || credential === null) return {};
  return credential.scopes
    ? { 'x-oauth-scopes': credential.scopes.join(', '), 'x-accepted-oauth-scopes': need.scope }
    : { 'x-accepted-github-permissions': `${need.permission}=${need.level}` };
}

function isGranted({ permission, level }: Exclude<Need, string>, { permissions }: Credential): boolean {
  const granted = permissions?.[permission];
  return granted === 'write' || (granted === 'read' && level === 'read');
}
