import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import type { Logger } from 'pino';
import { type Clock, startTimeout } from '../../clock.ts';

export type GitHubAuth = { token: string } | { appId: number; privateKey: string; installationId: number };

export interface OctokitOptions {
  /** `https://api.github.com`, `https://api.<name>.ghe.com` or `https://<host>/api/v3`. */
  apiUrl: string;
  auth: GitHubAuth;
  userAgent: string;
  log?: Pick<Logger, 'debug' | 'warn'> | undefined;
  /** Milliseconds for one whole request. */
  timeoutMs: number;
  clock: Clock;
  /** The platform's own unless told otherwise. */
  fetch?: typeof fetch | undefined;
}

/**
 * An Octokit without plugins that repeat or delay calls: the state machines do that visibly, and a repeated
 * generate-jitconfig leaves a phantom runner behind. Installation tokens are renewed by auth-app before they expire.
 */
export function connectOctokit(options: OctokitOptions): Octokit {
  const { apiUrl, auth, userAgent, log } = options;
  const quiet = (text: string) => log?.debug(text);
  return new Octokit({
    baseUrl: apiUrl,
    userAgent,
    ...('token' in auth ? { auth: auth.token } : { authStrategy: createAppAuth, auth }),
    // Its debug lines carry whole requests, bodies included; its error lines repeat what is thrown.
    log: { debug: () => undefined, info: quiet, warn: (text: string) => log?.warn(text), error: quiet },
    request: { fetch: boundedFetch(options) },
  });
}

/**
 * Every request ends, auth-app's own ones too, with its body read: a body that stops would last for ever. What changes something is not redirected: fetch would turn the
 * POST of a renamed repository into a GET.
 */
function boundedFetch({ fetch: send = fetch, clock, timeoutMs }: OctokitOptions): typeof fetch {
  return async (input, init) => {
    const timeout = startTimeout(clock, timeoutMs);
    const signal = init?.signal ? AbortSignal.any([init.signal, timeout.signal]) : timeout.signal;
    const redirect = (init?.method ?? 'GET') === 'GET' ? 'follow' : 'manual';
    try {
      const answer = await send(input, { ...init, redirect, signal });
      const body = await answer.arrayBuffer();
      const { status, headers } = answer;
      return new Response(body.byteLength === 0 ? null : body, { status, headers });
    } finally {
      timeout.end();
    }
  };
}
