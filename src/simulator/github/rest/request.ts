import type { Credential } from '../access/credential.ts';
import type { GitHubWorld } from '../github-world.ts';

/** One request to the REST API, as its route receives it. */
export interface RestRequest {
  readonly world: GitHubWorld;
  readonly credential: Credential;
  /** The path below the API's base. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
}

export interface Reply {
  readonly status: number;
  /** Sent as JSON; undefined sends no body. */
  readonly body?: unknown;
  /** The JSON of the body, when it was already made. */
  readonly json?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What a route requires of a credential: that it is known, that it is the App itself, or a permission (of
 * fine-grained tokens and installations) that is also one of the scopes of classic tokens.
 */
export type Need =
  | 'nothing'
  | 'app'
  | { readonly permission: string; readonly level: 'read' | 'write'; readonly scope: string };

export interface RestRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** `:name` matches one segment. */
  readonly path: string;
  readonly need: Need;
  /** It does not count against the hourly limit. */
  readonly isFree?: boolean;
  /** Throws a Refusal for a response that is not a success. */
  readonly handle: (request: RestRequest) => Reply;
}

export const ok = (body: unknown, headers: Reply['headers'] = {}): Reply => ({ status: 200, body, headers });
export const noContent: Reply = { status: 204 };

/** Returns a number in a path, or NaN, which is not the id of anything. */
export function idOf(request: RestRequest, name: string): number {
  const text = request.params[name] ?? '';
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
