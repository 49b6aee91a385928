import type { AgentWorld } from '../agent-world.ts';
import type { FeatureId } from '../options.ts';
import { invalidRequest, Refusal } from '../refusal.ts';
import type { Query } from './query.ts';
import { type Reply, refusalReply } from './reply.ts';

/** One request as a route sees it. */
export interface RouteRequest {
  world: AgentWorld;
  query: Query;
  /** The ids in the path, in order and in capitals. */
  ids: readonly string[];
  body: Buffer;
  /** Ends with the agent's life. */
  life: AbortSignal;
  /** Ends with the agent's life or when the client resets the connection. */
  signal: AbortSignal;
}

export interface Route {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/v1`; `:id` is a UUID. */
  path: string;
  handle(request: RouteRequest): Reply | Promise<Reply>;
}

export interface RouteMatch {
  route: Route;
  ids: string[];
}

const UUID = /^[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}$/;

/** The routes of the agent, found by path: each request of a simulation looks for one. */
export class Router {
  readonly #exact = new Map<string, Route[]>();
  /** Those with ids, by the number of parts of their paths. */
  readonly #withIds = new Map<number, { route: Route; wanted: string[] }[]>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const wanted = route.path.split('/');
      if (wanted.includes(':id')) listIn(this.#withIds, wanted.length).push({ route, wanted });
      else listIn(this.#exact, route.path).push(route);
    }
  }

  /**
   * Finds the route of a request: 404 for an unknown path (also one with a trailing slash), 405 with `Allow`
   * for a known one. Paths without an id win over those with one.
   */
  match(method: string, path: string): RouteMatch | Reply {
    const candidates = this.#exact.get(path)?.map((route) => ({ route, ids: [] })) ?? this.#matching(path);
    if (candidates.length === 0) return refusalReply(404, 'NOT_FOUND', 'Resource not found');
    const found = candidates.find(({ route }) => route.method === method);
    if (found) return found;
    const refusal = refusalReply(
      405,
      'METHOD_NOT_ALLOWED',
      `Method ${method} is not allowed for this resource`,
    );
    const allowed = candidates.map(({ route }) => route.method).sort();
    return { ...refusal, headers: { Allow: allowed.join(', ') } };
  }

  #matching(path: string): RouteMatch[] {
    const given = path.split('/');
    return (this.#withIds.get(given.length) ?? []).flatMap(({ route, wanted }) => {
      const ids = idsIn(wanted, given);
      return ids === null ? [] : [{ route, ids }];
    });
  }
}

function listIn<Key, Value>(lists: Map<Key, Value[]>, key: Key): Value[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

/** Returns the path's ids in capitals. Throws 400 INVALID_ID for what is not a UUID. */
export function checkIds(ids: readonly string[]): string[] {
  return ids.map((id) => {
    const upper = id.toUpperCase();
    if (!UUID.test(upper)) throw new Refusal(400, 'INVALID_ID', 'Invalid identifier: must be a UUID');
    return upper;
  });
}

/** Returns the id of a route that has one. */
export function idOf(request: RouteRequest): string {
  return request.ids[0] ?? '';
}

/** Returns the body as JSON, whatever its Content-Type says. Throws 400 for a missing or broken one. */
export function jsonBody(request: RouteRequest): unknown {
  if (request.body.length === 0) throw invalidRequest('Missing request body');
  try {
    return JSON.parse(request.body.toString('utf8'));
  } catch {
    throw invalidRequest('Invalid request body');
  }
}

/** Throws 409 CAPABILITY_UNAVAILABLE when the host lacks one of the features that a route needs. */
export function requireFeatures(world: AgentWorld, ...features: FeatureId[]): void {
  const missing = features.find((feature) => world.options.unavailableFeatures.includes(feature));
  if (missing)
    throw new Refusal(409, 'CAPABILITY_UNAVAILABLE', `${missing} is unavailable: Capability is disabled`);
}

/** The parts of a path in place of a pattern's ids; null when it has another form. Both have as many parts. */
function idsIn(wanted: readonly string[], given: readonly string[]): string[] | null {
  const ids: string[] = [];
  for (let index = 0; index < wanted.length; index += 1) {
    const part = wanted[index];
    const segment = given[index] ?? '';
    if (part === ':id' && segment !== '') ids.push(segment);
    else if (part !== segment) return null;
  }
  return ids;
}
