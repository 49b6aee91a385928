import type { Octokit } from '@octokit/rest';
import { z } from 'zod';
import { beginCall, routeOf } from '../../call-trace.ts';
import type { Clock } from '../../clock.ts';
import { DaemonError, hasCode } from '../../errors.ts';
import { instant } from '../../format.js';
import { type AppAuth, AppCredential, type InstallationToken, isOfApp } from './app-credential.ts';
import { linkOf, nextPageQuery, RememberedAnswers } from './conditional-get.ts';
import type { GitHubAuth } from './connect-octokit.ts';
import type { EnvironmentProxy } from './environment-proxy.ts';
import type { GitHubClock } from './github-clock.ts';
import {
  credentialRefusedAt,
  type GitHubCall,
  githubFailure,
  githubHidden,
  githubRedirected,
  githubUnreachable,
} from './github-failure.ts';
import { messageOf, type OctokitOutcome, type RawAnswer, readOctokitError } from './octokit-error.ts';
import type { Purpose } from './purpose-budget.ts';
import { RateLimits } from './rate-limit.ts';

export interface GitHubTransportOptions {
  octokit: Octokit;
  /** Without a trailing slash. */
  apiUrl: string;
  clock: Clock;
  auth: GitHubAuth;
  /** The clock that judges the token, or the App's installation; the App itself has its own. */
  time: GitHubClock;
  limits: RateLimits;
  /** Named in the message when GitHub cannot be reached. */
  proxy: Pick<EnvironmentProxy, 'origin' | 'variable'> | null;
}

/** Every call can be aborted; it then rejects with the signal's reason. */
export interface Abortable {
  signal?: AbortSignal | undefined;
}

/** For calls that serve more than one purpose. */
export interface CallOptions extends Abortable {
  /** `serving jobs` by default. */
  purpose?: Purpose;
}

export interface GitHubRequest extends GitHubCall, Abortable {
  /** Decides which calls pause first while little is left of the hourly budget. */
  purpose: Purpose;
  query?: Record<string, string | number>;
  body?: object;
}

const tokenSchema = z.object({ token: z.string().min(1), expires_at: z.iso.datetime({ offset: true }) });

/** A page of a list, and the query of the page after it; null on the last one. */
interface Page<T> {
  value: T;
  next: string | null;
}

/** The newest version has nothing that we use; this one is supported until at least 2028. */
const API_VERSION = '2022-11-28';

/**
 * GitHub returns at most 1000 results for a filter, 100 a page; more pages than this mean that the server is
 * broken.
 */
const MOST_PAGES = 100;

/**
 * Calls to GitHub's REST API. Each is sent once; only the caller may repeat it. Throws a DaemonError that
 * names call and response, without the body of either (law 7). Once GitHub asked to wait, nothing is sent
 * before that instant; a purpose that has reached its floor of the hourly budget waits until the reset.
 */
export class GitHubTransport {
  readonly apiUrl: string;
  readonly #options: GitHubTransportOptions;
  readonly #remembered = new RememberedAnswers();
  readonly #app: AppCredential | null;
  readonly #limitsOfApp = new RateLimits();

  constructor(options: GitHubTransportOptions) {
    this.#options = options;
    this.apiUrl = options.apiUrl;
    const { auth, clock } = options;
    this.#app =
      'token' in auth ? null : new AppCredential(auth, clock, (signal) => this.#newToken(auth, signal));
  }

  /**
   * Sends a request and reads the fields of its response that `schema` knows. Throws GITHUB_ERROR for another
   * shape.
   */
  async send<T>(schema: z.ZodType<T>, asked: GitHubRequest): Promise<T> {
    return parsed(schema, await this.request(asked), asked);
  }

  /** Sends a request whose response has no body, or whose response headers are needed. */
  request(asked: GitHubRequest): Promise<RawAnswer> {
    return this.#exchange(asked, this.#urlOf(asked), {});
  }

  /** Reads something that is read often: while it is unchanged, it costs nothing of the hourly limit. */
  async read<T>(schema: z.ZodType<T>, asked: GitHubRequest): Promise<T> {
    return (await this.#readIfChanged(schema, asked, this.#urlOf(asked))).value;
  }

  /** All pages of a list, each with its own conditional request, since each page has its own ETag. */
  async *pages<T>(schema: z.ZodType<T>, asked: GitHubRequest): AsyncGenerator<T> {
    let from: string | null = null;
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const { value, next }: Page<T> = await this.page(schema, asked, from);
      yield value;
      if (next === null) return;
      from = next;
    }
    throw new DaemonError(
      'GITHUB_ERROR',
      `GitHub's list for "${asked.what}" has more than ${MOST_PAGES} pages, which the daemon does not read: it is tried again.`,
    );
  }

  /** One page of a list: the first, or the one that an earlier page named as its next. */
  async page<T>(schema: z.ZodType<T>, asked: GitHubRequest, from: string | null): Promise<Page<T>> {
    const first = { ...asked, query: { per_page: 100, ...asked.query } };
    const url = from === null ? this.#urlOf(first) : `${this.apiUrl}${asked.path}${from}`;
    const { value, link } = await this.#readIfChanged(schema, asked, url);
    return { value, next: nextPageQuery(link) };
  }

  async #readIfChanged<T>(
    schema: z.ZodType<T>,
    asked: GitHubRequest,
    url: string,
  ): Promise<{ value: T; link: string | undefined }> {
    const known = this.#remembered.get(url);
    const answer = await this.#exchange(asked, url, known ? { 'if-none-match': known.etag } : {});
    if (answer.status === 304 && known) return { value: known.value as T, link: known.link };
    const value = parsed(schema, answer, asked);
    this.#remembered.remember(url, answer.headers, value);
    return { value, link: linkOf(answer.headers) };
  }

  /**
   * A refused installation token may have been revoked: tries one new token, which is safe since a request
   * with a 401 had no effect.
   */
  async #exchange(asked: GitHubRequest, url: string, headers: Record<string, string>): Promise<RawAnswer> {
    const { path, signal } = asked;
    for (let isRenewed = false; ; ) {
      try {
        return await this.#once(asked, url, headers);
      } catch (error) {
        const date = credentialRefusedAt(error);
        if (this.#app === null || date === null) throw error;
        const outcome = await this.#app.refused({ path, date, signal, isRenewed });
        if (outcome === 'unchanged') throw error;
        isRenewed ||= outcome === 'renewed';
      }
    }
  }

  /** Goes on while any caller waits for it, so that one aborted call does not cost the others their token. */
  async #newToken({ installationId }: AppAuth, signal: AbortSignal): Promise<InstallationToken> {
    const asked: GitHubRequest = {
      what: "get a token of the App's installation",
      purpose: 'teardown',
      method: 'POST',
      path: `/app/installations/${installationId}/access_tokens`,
      signal,
    };
    const answer = await this.request(asked);
    const { token, expires_at } = parsed(tokenSchema, answer, asked);
    return { token, lifetime: Date.parse(expires_at) - Date.parse(String(answer.headers.date)) };
  }

  /** The App and its installation have separate budgets. */
  #limitsOf({ path }: GitHubRequest): RateLimits {
    return this.#app !== null && isOfApp(path) ? this.#limitsOfApp : this.#options.limits;
  }

  async #once(asked: GitHubRequest, url: string, headers: Record<string, string>): Promise<RawAnswer> {
    const { auth, octokit, clock } = this.#options;
    const limits = this.#limitsOf(asked);
    asked.signal?.throwIfAborted();
    this.#refuseWhilePaused(asked);
    const authorization =
      'token' in auth ? `token ${auth.token}` : await this.#app?.authorization(asked.path, asked.signal);
    // Other calls may have been sent while this one waited for a token.
    if (this.#app !== null) this.#refuseWhilePaused(asked);
    const answered = limits.began();
    const sentAt = clock.now();
    const ended = beginCall({
      system: 'github',
      host: null,
      method: asked.method,
      route: routeOf(asked.path),
    });
    const { answer, problem } = await octokit
      .request({
        method: asked.method as 'GET',
        url,
        headers: {
          accept: 'application/vnd.github+json',
          'x-github-api-version': API_VERSION,
          authorization,
          ...headers,
        },
        request: asked.signal ? { signal: asked.signal } : {},
        ...(asked.body ? { data: asked.body } : {}),
      })
      .then((answer): OctokitOutcome => ({ answer, problem: '' }), readOctokitError);
    ended(answer?.status ?? null);
    answered();
    if (answer && isOfGitHub(answer)) this.#options.time.note(answer.headers.date, sentAt);
    if (answer && isOfGitHub(answer) && (answer.status < 300 || answer.status === 304)) {
      limits.note(answer.headers, clock.now());
      limits.unblocked(clock.now());
      return answer;
    }
    asked.signal?.throwIfAborted();
    throw this.#failureOf({ answer, problem }, asked);
  }

  /**
   * Throws while GitHub asked to wait, or while the rest of the hour's budget belongs to a more urgent
   * purpose (law 9).
   */
  #refuseWhilePaused(asked: GitHubRequest): void {
    const { purpose, what } = asked;
    const { clock } = this.#options;
    const limits = this.#limitsOf(asked);
    const now = clock.now();
    const until = limits.pausedUntil(purpose, now);
    if (until === null) return;
    const time = instant(until);
    const why = limits.isBlocked(now)
      ? `GitHub asked to wait until ${time}`
      : `Little of GitHub's rate limit is left until ${time}, and it is kept for requests that are more urgent than ${purpose}`;
    throw new DaemonError('GITHUB_RATE_LIMITED', `${why}: "${what}" is not sent before that.`, {
      retryAt: until,
    });
  }

  #failureOf({ answer, problem }: OctokitOutcome, asked: GitHubRequest): DaemonError {
    const { apiUrl, clock, proxy } = this.#options;
    const limits = this.#limitsOf(asked);
    const now = clock.now();
    if (!answer) return githubUnreachable(problem, asked, proxy);
    if (isRedirect(answer.status)) return githubRedirected(answer, asked, apiUrl);
    const message = messageOf(answer.data);
    if (message === null) return githubHidden(answer, asked, now, proxy);
    limits.note(answer.headers, now);
    const { status, headers } = answer;
    const failure = githubFailure({ status, headers, message }, asked, now, limits.strikesBefore(now));
    const resource = answer.headers['x-ratelimit-resource'] ?? 'core';
    const isOfAnotherBudget = resource !== 'core' && String(answer.headers['x-ratelimit-remaining']) === '0';
    if (!hasCode(failure, 'GITHUB_RATE_LIMITED')) limits.unblocked(now);
    else if (!isOfAnotherBudget) limits.block(failure.failure.retryAt ?? now, now);
    return failure;
  }

  #urlOf({ path, query }: GitHubRequest): string {
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query ?? {})) search.set(key, `${value}`);
    return `${this.apiUrl}${path}${search.size > 0 ? `?${search}` : ''}`;
  }
}

function parsed<T>(schema: z.ZodType<T>, { data }: RawAnswer, asked: GitHubRequest): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  // A body that was cut off reads as an empty string.
  asked.signal?.throwIfAborted();
  const [issue] = parsed.error.issues;
  throw new DaemonError(
    'GITHUB_ERROR',
    `GitHub sent a response to "${asked.what}", ${asked.method} ${asked.path}, that this daemon cannot read ` +
      `(${issue?.path.join('.') || 'the response'}: ${issue?.message}). It is tried again; check github.api_url.`,
  );
}

const isRedirect = (status: number) => status >= 300 && status < 400;

/** False for a page in place of GitHub's JSON: a proxy or gateway in between sent it, whatever its status. */
function isOfGitHub({ status, headers }: RawAnswer): boolean {
  return status === 204 || status === 304 || /^application\/json\b/i.test(String(headers['content-type']));
}
