import type { FailureCode } from '../../../machines/failure.ts';
import { DaemonError, hasCode } from '../../errors.ts';
import { instant } from '../../format.js';
import type { EnvironmentProxy } from './environment-proxy.ts';
import { type AnswerHeaders, LONGEST_WAIT_MS, resetInstant } from './rate-limit.ts';

/** One request to GitHub, as messages name it. */
export interface GitHubCall {
  /** What the call is for, as a verb and its object: `list the runners of octo/app`. */
  what: string;
  method: string;
  path: string;
}

export interface GitHubAnswer {
  status: number;
  headers: AnswerHeaders;
  /** The `message` of GitHub's JSON response. */
  message: string;
}

/** The `cause` of the error: enough for GitHub's support, without the body of a request or a response. */
interface GitHubRefusal {
  status: number;
  requestId: string | null;
  /** Epoch ms of GitHub's clock; NaN when the response does not say. */
  date: number;
}

type NamedProxy = Pick<EnvironmentProxy, 'origin' | 'variable'>;

type Verdict = readonly [code: FailureCode, fix: string, retryAt?: number | null];

/**
 * GitHub's own advice for a response that names no instant: wait at least a minute, then exponentially
 * longer.
 */
const SHORTEST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 16 * 60_000;

/**
 * Returns what a refusal of GitHub means. `strikes` counts the rate-limit responses right before this one. 403 may mean
 * a missing permission, a secondary rate limit, single sign-on and more; the headers decide.
 */
export function githubFailure(answer: GitHubAnswer, call: GitHubCall, now: number, strikes = 0): DaemonError {
  const [code, fix, retryAt] = verdict(answer, call, now, strikes);
  const { status, headers, message } = answer;
  const requestId = headers['x-github-request-id'];
  const refusal: GitHubRefusal = {
    status,
    requestId: requestId === undefined ? null : String(requestId),
    date: Date.parse(String(headers.date)),
  };
  const text = message === '' ? '' : ` (${message.slice(0, 300)})`;
  const request = refusal.requestId ? `, request ${refusal.requestId}` : '';
  return new DaemonError(
    code,
    `GitHub answered ${status} to "${call.what}", ${call.method} ${call.path}${request}${text}. ${fix}`,
    { cause: refusal, retryAt: retryAt ?? null },
  );
}

/**
 * A redirect that is not followed. It says nothing about the requested thing: nothing was looked up, and
 * nothing was changed. The message contains only the origin of the address, since the rest may be secret.
 */
export function githubRedirected(
  { status, headers }: Omit<GitHubAnswer, 'message'>,
  { what, method, path }: GitHubCall,
  apiUrl: string,
): DaemonError {
  const location = String(headers.location);
  const origin = URL.canParse(location, apiUrl) ? new URL(location, apiUrl).origin : null;
  const isElsewhere = origin !== null && origin !== new URL(apiUrl).origin;
  const fix = isElsewhere
    ? `It leads to ${origin}, and the credentials are not sent there. Check github.api_url and this machine's network.`
    : 'The owner or the repository was renamed or moved: correct github.owner and github.repository in the config.';
  return new DaemonError(
    'GITHUB_REDIRECTED',
    `GitHub redirects (${status}) "${what}", ${method} ${path}, to another address, so it was not carried out. ${fix}`,
  );
}

/**
 * The response is not from GitHub, but from a proxy or a gateway in front of it; whether the call took effect
 * is unknown.
 */
export function githubHidden(
  { status, headers }: Omit<GitHubAnswer, 'message'>,
  { what, method, path }: GitHubCall,
  now: number,
  proxy: NamedProxy | null,
): DaemonError {
  return new DaemonError(
    'GITHUB_UNREACHABLE',
    `GitHub cannot be reached for "${what}", ${method} ${path}: a proxy or gateway in between answered ${status} without ` +
      `GitHub's JSON. ${networkAdvice(proxy)}`,
    { retryAt: retryAfter(headers, now) },
  );
}

/**
 * No response came, or none that can be read; whether the call took effect is unknown. `problem` is a
 * system's error code or a sentence.
 */
export function githubUnreachable(
  problem: string,
  { what, method, path }: GitHubCall,
  proxy: NamedProxy | null,
): DaemonError {
  const advice = CERTIFICATE.test(problem)
    ? 'This machine does not trust the certificate of the server: if the certificate is your own, name the file of its CA in NODE_EXTRA_CA_CERTS. '
    : '';
  return new DaemonError(
    'GITHUB_UNREACHABLE',
    `GitHub did not answer to "${what}", ${method} ${path}: ${problem}. ${advice}${networkAdvice(proxy)}`,
  );
}

/** Node's codes for a certificate that is not signed by a CA that Node knows. */
const CERTIFICATE = /SELF_SIGNED_CERT|UNABLE_TO_(?:GET_ISSUER_CERT|VERIFY_LEAF_SIGNATURE)/;

function networkAdvice(proxy: NamedProxy | null): string {
  const way = proxy ? `the proxy ${proxy.origin} of ${proxy.variable}` : 'its proxies';
  return `Check this machine's network, ${way} and github.api_url; it is tried again.`;
}

/** GitHub's clock when it refused the credential itself (401), in epoch ms; null for any other error. */
export function credentialRefusedAt(error: unknown): number | null {
  if (!hasCode(error, 'GITHUB_CREDENTIALS_REFUSED') || refusalStatus(error) !== 401) return null;
  return (error.cause as GitHubRefusal).date;
}

/** Returns the HTTP status with which GitHub refused, or null when the error is not a refusal by GitHub. */
export function refusalStatus(error: unknown): number | null {
  if (!(error instanceof DaemonError)) return null;
  return (error.cause as Partial<GitHubRefusal> | undefined)?.status ?? null;
}

function verdict(answer: GitHubAnswer, call: GitHubCall, now: number, strikes: number): Verdict {
  const { status, headers } = answer;
  const isOfApp = call.path.endsWith('/access_tokens') || (call.path.startsWith('/app/') && status === 401);
  if (isOfApp && status < 500 && !isRateLimit(answer)) {
    return [
      'GITHUB_CREDENTIALS_REFUSED',
      'GitHub does not accept the App: check github.app_id, its private key and github.installation_id.',
    ];
  }
  if (isRateLimit(answer)) {
    const retryAt = pauseEnd(headers, now, strikes);
    return [
      'GITHUB_RATE_LIMITED',
      `GitHub asks the daemon to wait; it is tried again at ${instant(retryAt)}.`,
      retryAt,
    ];
  }
  if (status === 401) {
    return [
      'GITHUB_CREDENTIALS_REFUSED',
      'The token is wrong, expired or revoked: give a new one in github.token.',
    ];
  }
  if (status === 403) return ['GITHUB_PERMISSION_MISSING', permissionAdvice(headers)];
  if (status === 404 || status === 410) {
    return [
      'GITHUB_NOT_FOUND',
      "It does not exist, or the credentials may not see it: GitHub's response is the same for both. " +
        'Check github.owner, github.repository and the permissions.',
    ];
  }
  if (status >= 500)
    return ['GITHUB_ERROR', 'It is tried again; see githubstatus.com.', retryAfter(headers, now)];
  return [
    'GITHUB_REQUEST_REFUSED',
    'GitHub refuses this request as wrong, so it is not sent again: report it with this message.',
  ];
}

/** A 403 is a rate limit when it says when to come back, when the budget is at zero, or when its text says so. */
function isRateLimit({ status, headers, message }: GitHubAnswer): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  return (
    headers['retry-after'] !== undefined ||
    String(headers['x-ratelimit-remaining']) === '0' ||
    /rate limit|abuse detection/i.test(message)
  );
}

function pauseEnd(headers: AnswerHeaders, now: number, strikes: number): number {
  const named = retryAfter(headers, now);
  if (named !== null) return named;
  const reset = resetInstant(headers, now);
  if (String(headers['x-ratelimit-remaining']) === '0' && reset !== null) return reset;
  return now + Math.min(SHORTEST_PAUSE_MS * 2 ** strikes, LONGEST_PAUSE_MS);
}

/**
 * The instant of `retry-after` on our clock, at least a second and at most an hour from now; null without
 * one. It is in seconds, or a date (RFC 9110 §10.2.3), which is on the clock of the server that responded, as
 * `Date` is.
 */
function retryAfter(headers: AnswerHeaders, now: number): number | null {
  const named = headers['retry-after'];
  if (named === undefined || named === '') return null;
  const seconds = Number(named);
  const theirs = Date.parse(String(headers.date));
  const left = Number.isNaN(seconds)
    ? Date.parse(String(named)) - (Number.isNaN(theirs) ? now : theirs)
    : seconds * 1000;
  return Number.isNaN(left) ? null : now + Math.min(Math.max(left, 1000), LONGEST_WAIT_MS);
}

function permissionAdvice(headers: AnswerHeaders): string {
  const accepted = headers['x-accepted-github-permissions'];
  if (headers['x-github-sso'] !== undefined)
    return 'The organization requires single sign-on: authorize the token for it at GitHub.';
  const scopes = headers['x-accepted-oauth-scopes'];
  if (accepted) return `Grant the token or the App the permission ${accepted}.`;
  if (scopes) return `Give the token the scope ${String(scopes).replaceAll(', ', ' or ')}.`;
  return 'The token or the App lacks a permission for this, or the IP allow list of the account does not have this machine: an administrator of the account can change both. "jeballto-runner check" tries each permission.';
}
