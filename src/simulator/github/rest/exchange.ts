import { createHash } from 'node:crypto';
import { sleepFor } from '../../../clock.ts';
import { type Fault, hang } from '../../faults.ts';
import { authenticate } from '../access/authenticate.ts';
import { type Credential, canSee } from '../access/credential.ts';
import { type RateWindow, rateHeaders } from '../access/rate-limiter.ts';
import { apiUrl } from '../github-base.ts';
import type { GitHubWorld } from '../github-world.ts';
import { Refusal } from '../refusal.ts';
import { authorize, permissionHeaders } from './authorize.ts';
import { exactJson } from './exact-json.ts';
import type { Reply, RestRequest, RestRoute } from './request.ts';

/** A request as it arrived, before its credential is read. */
export interface Incoming extends Omit<RestRequest, 'world' | 'credential'> {
  readonly method: string;
  readonly header: (name: string) => string | undefined;
  /** Aborted when the client no longer waits for the response. */
  readonly gone: AbortSignal;
}

/**
 * Handles one request to the REST API in GitHub's order of checks: credentials, faults, hourly limit,
 * permissions, and then the route's own. `cut` means that the connection has to end without a response.
 */
export async function answerRest(
  world: GitHubWorld,
  route: RestRoute,
  incoming: Incoming,
): Promise<Reply | 'cut'> {
  const reply = await exchange(world, route, incoming);
  world.requests.note(`${route.method} ${route.path}`, reply === 'cut' ? 'cut' : reply.status);
  return reply;
}

async function exchange(world: GitHubWorld, route: RestRoute, incoming: Incoming): Promise<Reply | 'cut'> {
  let credential: Credential | null = null;
  let window: RateWindow | null = null;
  let reply: Reply;
  let fault: Fault | null = null;
  try {
    credential = authenticate(world, incoming.header('authorization'));
    window = world.limits.windowOf(credential.budget);
    fault = await requestFault(world, incoming);
    if (fault?.drop === 'before') return 'cut';
    if (window && !route.isFree && window.used >= window.limit) throw exhausted(world);
    const request: RestRequest = { ...incoming, world, credential };
    const instead = fault && fault.drop === undefined ? injected(fault) : movedReply(request, route);
    if (!instead) authorize(route.need, request);
    reply = instead ?? route.handle(request);
  } catch (error) {
    if (incoming.gone.aborted) return 'cut';
    if (!(error instanceof Refusal)) throw error;
    reply = { status: error.status, body: errorBody(error.status, error.message), headers: error.headers };
  }
  if (fault?.drop === 'after') return 'cut';
  if (route.method === 'GET' && reply.status === 200) reply = conditional(reply, incoming, credential);
  if (window && !route.isFree && reply.status !== 304) window.used = Math.min(window.used + 1, window.limit);
  return {
    ...reply,
    headers: {
      ...serverHeaders(world),
      ...rateHeaders(window),
      ...permissionHeaders(route.need, credential),
      ...reply.headers,
    },
  };
}

/** Returns the headers of every response, whatever the route. */
export function serverHeaders(world: GitHubWorld): Record<string, string> {
  const { enterpriseVersion } = world.options;
  return {
    date: new Date(world.clock.now()).toUTCString(),
    'x-github-media-type': 'github.v3; format=json',
    'x-github-api-version-selected': '2022-11-28',
    'x-github-request-id': [4, 6, 7, 7, 8].map((length) => world.ids.hex(length).toUpperCase()).join(':'),
    ...(enterpriseVersion === null ? {} : { 'x-github-enterprise-version': enterpriseVersion }),
  };
}

export function errorBody(status: number, message: string) {
  return { message, documentation_url: 'https://docs.github.com/rest', status: String(status) };
}

/** Returns the fault that hits this request, after its delay; a hung request ends when the client gives up. */
export async function requestFault(
  world: GitHubWorld,
  { method, path, gone }: Pick<Incoming, 'method' | 'path' | 'gone'>,
): Promise<Fault | null> {
  const fault = world.faults.next(`${method} ${path}`);
  if (fault?.delayMs) await sleepFor(world.clock, fault.delayMs, gone);
  return fault?.hang ? hang(gone) : fault;
}

/**
 * GitHub's redirect from the former name of a repository to its id: 301 for requests that only read, 307 for
 * those that change something. Null when there is nothing to redirect.
 */
function movedReply(
  { world, credential, params, path, query }: RestRequest,
  { method }: RestRoute,
): Reply | null {
  const former = `/repos/${params.owner}/${params.repo}`;
  const repository = world.formerNames.get(`${params.owner}/${params.repo}`.toLowerCase());
  if (!repository || !canSee(credential, repository)) return null;
  const rest = path.slice(former.length) + (query.size > 0 ? `?${query}` : '');
  const location = `${apiUrl(world)}/repositories/${repository.id}${rest}`;
  const status = method === 'GET' ? 301 : 307;
  const message = method === 'GET' ? 'Moved Permanently' : 'Temporary Redirect';
  return { status, headers: { location }, body: { ...errorBody(status, message), url: location } };
}

/** The response of a fault in place of the work, or null when the fault only delays. */
function injected({ status, message, body, headers = {} }: Fault): Reply | null {
  if (status === undefined && message === undefined && body === undefined) return null;
  const isLimit = headers['retry-after'] !== undefined;
  const text = message ?? (isLimit ? 'You have exceeded a secondary rate limit.' : 'Injected fault');
  return { status: status ?? 500, body: body ?? errorBody(status ?? 500, text), headers };
}

/**
 * A 304 in place of content that the client already has; the tag differs with the credential, as GitHub's
 * does.
 */
function conditional(reply: Reply, { header }: Incoming, credential: Credential | null): Reply {
  const json = exactJson(reply.body);
  const hash = createHash('sha256')
    .update(credential?.token ?? '')
    .update(header('accept') ?? '')
    .update(json)
    .digest('hex');
  const etag = `W/"${hash}"`;
  const known = (header('if-none-match') ?? '').split(',').map((one) => one.trim());
  return known.includes(etag)
    ? { status: 304, headers: { etag } }
    : {
        ...reply,
        json,
        headers: { ...reply.headers, etag, 'cache-control': 'private, max-age=60, s-maxage=60' },
      };
}

function exhausted(world: GitHubWorld): Refusal {
  return new Refusal(
    403,
    'API rate limit exceeded for user ID 1. If you reach out to GitHub Support for help, please include the ' +
      `request ID and timestamp ${new Date(world.clock.now()).toISOString()}.`,
  );
}
