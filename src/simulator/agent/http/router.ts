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

/**
 * Finds the route of a request: 404 for an unknown path (also one with a trailing slash), 405 with `Allow`
 * for a known one. Paths without an id win over those with one.
 */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch | Reply {
  const given = path.split('/');
  const matching = routes.filter(({ path: pattern }) => idsIn(pattern, given) !== null);
  if (matching.length === 0) return refusalReply(404, 'NOT_FOUND', 'Resource not found');
  const literal = matching.filter((route) => route.path === path);
  const candidates = literal.length > 0 ? literal : matching;
  const route = candidates.find((candidate) => candidate.method === method);
  if (route) return { route, ids: idsIn(route.path, given) ?? [] };
  const refusal = refusalReply(
    405,
    'METHOD_NOT_ALLOWED',
    `Method ${method} is not allowed for this resource`,
  );
  const allowed = candidates.map((candidate) => candidate.method).sort();
  return { ...refusal, headers: { Allow: allowed.join(', ') } };
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

/** Patterns split into their parts: each request is compared with all of them. */
const parts = new Map<string, string[]>();

function idsIn(pattern: string, given: readonly string[]): string[] | null {
  let wanted = parts.get(pattern);
  if (!wanted) {
    wanted = pattern.split('/');
    parts.set(pattern, wanted);
  }
  if (wanted.length !== given.length) return null;
  const ids: string[] = [];
  for (let index = 0; index < wanted.length; index += 1) {
    const part = wanted[index];
    const segment = given[index] ?? '';
    if (part === ':id' && segment !== '') ids.push(segment);
    else if (part !== segment) return null;
  }
  return ids;
}
