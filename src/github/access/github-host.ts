import { type RunnerScope, scopeName } from '../runners/runner-scope.ts';

/**
 * True for GitHub Enterprise Server, whose release decides what it can do. github.com and the data-residency
 * hosts `api.<name>.ghe.com` always run the newest.
 */
export function isEnterpriseServer(apiUrl: string): boolean {
  const { hostname } = new URL(apiUrl);
  return hostname !== 'api.github.com' && !hostname.endsWith('.ghe.com');
}

/** What `config.sh --url` is given for a scope: its address on the web host that belongs to the API's. */
export function registrationUrl(apiUrl: string, scope: RunnerScope): string {
  const url = new URL(apiUrl);
  if (!isEnterpriseServer(apiUrl)) url.hostname = url.hostname.replace(/^api\./, '');
  return `${url.origin}/${scopeName(scope)}`;
}
