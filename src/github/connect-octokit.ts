import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import type { Logger } from 'pino';

export type GitHubAuth = { token: string } | { appId: number; privateKey: string; installationId: number };

export interface OctokitOptions {
  /** `https://api.github.com`, `https://api.<name>.ghe.com` or `https://<host>/api/v3`. */
  apiUrl: string;
  auth: GitHubAuth;
  userAgent: string;
  log?: Pick<Logger, 'debug' | 'warn'> | undefined;
  /** Milliseconds for one whole request. */
  timeoutMs: number;
}

/**
 * An Octokit without plugins that repeat or delay calls: the state machines do that visibly, and a repeated
 * generate-jitconfig leaves a phantom runner behind. Installation tokens are renewed by auth-app before they expire.
 */
export function connectOctokit({ apiUrl, auth, userAgent, log, timeoutMs }: OctokitOptions): Octokit {
  const quiet = (text: string) => log?.debug(text);
  return new Octokit({
    baseUrl: apiUrl,
    userAgent,
    ...('token' in auth ? { auth: auth.token } : { authStrategy: createAppAuth, auth }),
    // Its debug lines carry whole requests, bodies included; its error lines repeat what is thrown.
    log: { debug: () => undefined, info: quiet, warn: (text: string) => log?.warn(text), error: quiet },
    request: { fetch: boundedFetch(timeoutMs) },
  });
}

/**
 * Every request ends, auth-app's own ones too. What changes something is not redirected: fetch would turn the
 * POST of a renamed repository into a GET.
 */
function boundedFetch(timeoutMs: number): typeof fetch {
  return (input, init) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
    const redirect = (init?.method ?? 'GET') === 'GET' ? 'follow' : 'manual';
    return fetch(input, { ...init, redirect, signal });
  };
}
