import { expect, vi } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.ts';
import { DaemonError } from '../../src/errors.ts';
import type { GitHubAuth } from '../../src/github/access/connect-octokit.ts';
import { createGitHub } from '../../src/github/github.ts';
import type { GitHubSettings } from '../../src/simulator/github/options.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { REPOSITORY, servedGitHub, TOKEN } from '../simulator/github/github-fixture.ts';
import { validateGitHubExchange } from '../support/github-schema.ts';

export const REPO = { kind: 'repository', owner: 'octo', repository: 'app' } as const;
export const ORG = { kind: 'organization', owner: 'octo' } as const;

/** One request of the adapter with its response. */
export interface Exchange {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of many calls
  body: any;
  status: number;
}

export interface RigOptions {
  auth?: GitHubAuth;
  /** Ours. */
  clock?: Clock;
  /** GitHub's clock; by default the machine's. */
  githubClock?: Clock;
  timeoutMs?: number;
  /** Makes the adapter believe that it talks to api.github.com; on loopback it assumes an Enterprise Server. */
  isDotCom?: boolean;
}

/**
 * The adapter on a simulated GitHub over HTTP. Every exchange is recorded; at the end the rig checks each of
 * them against GitHub's own description. Closed by `await using`.
 */
export async function githubRig(settings: GitHubSettings = {}, options: RigOptions = {}) {
  const { auth = { token: TOKEN }, clock = systemClock, githubClock = systemClock } = options;
  const { timeoutMs = 10_000, isDotCom = false } = options;
  const served = await servedGitHub(settings, githubClock);
  ensureRepository(served.world, REPOSITORY);
  const apiUrl = isDotCom ? 'https://api.github.com' : served.url;
  const wire = recordWire(apiUrl, served.url);
  const github = createGitHub({ apiUrl, auth, clock, timeoutMs });
  return {
    ...served,
    github,
    wire: wire.exchanges,
    [Symbol.asyncDispose]: async () => {
      wire.end();
      await served.close();
      expect(wire.departures).toEqual([]);
    },
  };
}

/** Sends every fetch to the server of `apiUrl`, and records it. */
function recordWire(apiUrl: string, servedUrl: string) {
  const exchanges: Exchange[] = [];
  const departures: string[] = [];
  const send = globalThis.fetch;
  const spy = vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const url = new URL(String(input));
    const method = init?.method ?? 'GET';
    const body = typeof init?.body === 'string' ? JSON.parse(init.body) : undefined;
    const path = url.href.replace(apiUrl, '').replace(/\?.*$/, '');
    const response = await send(url.href.replace(apiUrl, servedUrl), init);
    const text = await response
      .clone()
      .text()
      .catch(() => null);
    const { status } = response;
    // The body of some calls is optional; the description in our fixture does not say so.
    const requestBody = body ?? {};
    exchanges.push({
      method,
      path,
      query: url.searchParams,
      headers: new Headers(init?.headers),
      body,
      status,
    });
    if (text !== null) {
      const answer = text === '' ? undefined : JSON.parse(text);
      departures.push(...validateGitHubExchange({ method, path, requestBody, status, responseBody: answer }));
    }
    return response;
  });
  return { exchanges, departures, end: () => spy.mockRestore() };
}

/** The failure of a refused call. Throws when the call succeeds or fails in another way. */
export async function refusalOf(call: Promise<unknown>): Promise<DaemonError> {
  const error = await call.then(
    () => new Error('the call was not refused'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof DaemonError)) throw error;
  return error;
}

export async function codeOf(call: Promise<unknown>): Promise<string> {
  return (await refusalOf(call)).failure.code;
}
