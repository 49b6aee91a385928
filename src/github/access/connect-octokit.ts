import { Octokit } from '@octokit/rest';
import type { Logger } from 'pino';
import { type Clock, startTimeout } from '../../clock.ts';
import type { AppAuth } from './app-credential.ts';

export type GitHubAuth = { token: string } | AppAuth;

export interface OctokitOptions {
  /** `https://api.github.com`, `https://api.<name>.ghe.com` or `https://<host>/api/v3`. */
  apiUrl: string;
  userAgent: string;
  log?: Pick<Logger, 'debug' | 'warn'> | undefined;
  /** Milliseconds for one whole request. */
  timeoutMs: number;
  clock: Clock;
  /** The platform's own by default. */
  fetch?: typeof fetch | undefined;
}

/**
 * Returns an Octokit without plugins that repeat or delay calls: the state machines do that visibly, and a repeated
 * generate-jitconfig leaves a phantom runner behind. It has no credential: each request has its own.
 */
export function connectOctokit(options: OctokitOptions): Octokit {
  const { apiUrl, userAgent, log } = options;
  const quiet = (text: string) => log?.debug(text);
  return new Octokit({
    baseUrl: apiUrl,
    userAgent,
    // Its debug lines carry whole requests, bodies included; its error lines repeat what is thrown.
    log: { debug: () => undefined, info: quiet, warn: (text: string) => log?.warn(text), error: quiet },
    request: { fetch: boundedFetch(options) },
  });
}

/** GitHub redirects once, from a former name to an id. */
const MOST_REDIRECTS = 3;

/**
 * Gives every request a time limit, its body included: a body that stops arriving would last for ever.
 * Redirects are followed here and not by fetch, which would turn the POST of a renamed repository into a GET.
 */
function boundedFetch({ fetch: send = fetch, clock, timeoutMs }: OctokitOptions): typeof fetch {
  return async (input, init) => {
    const timeout = startTimeout(clock, timeoutMs, init?.signal);
    const { signal } = timeout;
    const method = init?.method ?? 'GET';
    try {
      let url = String(input);
      for (let followed = 0; ; followed += 1) {
        const answer = await send(url, { ...init, redirect: 'manual', signal });
        const body = await answer.arrayBuffer();
        const next = followed < MOST_REDIRECTS ? redirectTarget(answer, method, url) : null;
        const { status, headers } = answer;
        if (next === null) return new Response(body.byteLength === 0 ? null : body, { status, headers });
        url = next;
      }
    } finally {
      timeout.end();
    }
  };
}

/**
 * The address to which the same request has to be sent again; null for a response that must not be followed.
 * For a method other than GET, 301 and 302 may mean "go on with GET". Another origin would receive our
 * credentials.
 */
function redirectTarget({ status, headers }: Response, method: string, url: string): string | null {
  const location = headers.get('location');
  const keepsMethod =
    status === 307 || status === 308 || ((status === 301 || status === 302) && method === 'GET');
  if (!keepsMethod || location === null || !URL.canParse(location, url)) return null;
  const target = new URL(location, url);
  return target.origin === new URL(url).origin ? target.href : null;
}
