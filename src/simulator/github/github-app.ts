import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { controlRoutes } from './control.ts';
import type { GitHubWorld } from './github-world.ts';
import { Refusal } from './refusal.ts';
import { exactJson } from './rest/exact-json.ts';
import { answerRest, errorBody, requestFault, serverHeaders } from './rest/exchange.ts';
import type { Reply, RestRoute } from './rest/request.ts';
import { accountRoutes } from './rest/routes/account-routes.ts';
import { hookRoutes } from './rest/routes/hook-routes.ts';
import { hookSetUpRoutes } from './rest/routes/hook-set-up-routes.ts';
import { runRoutes } from './rest/routes/run-routes.ts';
import { runnerRoutes } from './rest/routes/runner-routes.ts';
import { answerRegistration, runnerService } from './runners/runner-service.ts';

const ROUTES = [...runRoutes, ...runnerRoutes, ...hookRoutes, ...hookSetUpRoutes, ...accountRoutes];

/** In redirects from a former name, the repository's id replaces this part. */
const NAMED = '/repos/:owner/:repo';

/**
 * How the connection of a request ends without a response; it differs between a socket and a call in process.
 */
export type Cut = (c: Context) => Response;

const cutInProcess: Cut = () => Response.error();

/**
 * Returns a world's whole HTTP surface: the REST API, below `/api/v3` for an Enterprise Server; the service for
 * runners, below `/_runner`; and the simulator's own control below `/_sim`. `app.request(…)` calls it without a server;
 * a response of type `error` then means a broken connection, where `fetch` would have rejected.
 */
export function createGitHubApp(world: GitHubWorld, cut: Cut = cutInProcess): Hono {
  const app = new Hono();
  const base = world.options.enterpriseVersion === null ? '' : '/api/v3';

  app.use('/_sim/*', async (c, next) => {
    const from = addressOf(c);
    if (from === undefined || /^(?:::ffff:)?127\.|^::1$/.test(from)) return next();
    return c.json({ message: 'Control routes answer clients on this machine only' }, 403);
  });
  app.route('/_sim', controlRoutes(world));

  app.use('/_runner/*', (c, next) => withFaults(world, c, next, cut));
  app.route('/_runner', runnerService(world));
  // `config.sh` calls this address, whatever kind of server it is.
  for (const prefix of ['', '/api/v3']) {
    const path = `${prefix}/actions/runner-registration`;
    app.use(path, (c, next) => withFaults(world, c, next, cut));
    app.post(path, (c) => answerRegistration(world, c));
  }

  for (const route of ROUTES) {
    app.on(route.method, `${base}${route.path}`, (c) => rest(world, c, route, base, cut));
    if (!route.path.startsWith(NAMED)) continue;
    const byId = `${base}/repositories/:repository_id${route.path.slice(NAMED.length)}`;
    app.on(route.method, byId, (c) => rest(world, c, route, base, cut));
  }
  app.notFound((c) => c.json(errorBody(404, 'Not Found'), 404, serverHeaders(world)));
  app.onError((error, c) => respond(c, replyTo(error)));
  return app;
}

async function rest(
  world: GitHubWorld,
  c: Context,
  route: RestRoute,
  base: string,
  cut: Cut,
): Promise<Response> {
  const url = new URL(c.req.url);
  const body = await jsonBody(c);
  if (body instanceof Refusal) return respond(c, replyTo(body));
  const reply = await answerRest(world, route, {
    method: route.method,
    path: decodeURI(url.pathname).slice(base.length),
    params: namedParams(world, c.req.param()),
    query: url.searchParams,
    body,
    header: (name) => c.req.header(name),
    gone: c.req.raw.signal,
  });
  return reply === 'cut' ? cut(c) : respond(c, reply);
}

/** Replaces the repository's id in the path by its names. */
function namedParams(world: GitHubWorld, params: Record<string, string>): Record<string, string> {
  const { repository_id: id, ...rest } = params;
  if (id === undefined) return rest;
  const found = [...world.repositories.values()].find((one) => String(one.id) === id);
  return { ...rest, owner: found?.owner.login ?? '', repo: found?.name ?? '' };
}

/** Faults hit the runner service as they hit the API. */
async function withFaults(
  world: GitHubWorld,
  c: Context,
  next: () => Promise<void>,
  cut: Cut,
): Promise<Response | undefined> {
  const { method, path } = c.req;
  const gone = c.req.raw.signal;
  const fault = await requestFault(world, { method, path, gone }).catch(() => 'gone' as const);
  if (fault === 'gone' || fault?.drop === 'before') return cut(c);
  if (fault?.status !== undefined && fault.drop === undefined) {
    return respond(c, { status: fault.status, body: { message: fault.message ?? 'Injected fault' } });
  }
  await next();
  return fault?.drop === 'after' ? cut(c) : undefined;
}

async function jsonBody(c: Context): Promise<unknown> {
  const text = c.req.method === 'GET' ? '' : await c.req.text();
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return new Refusal(400, 'Problems parsing JSON');
  }
}

function replyTo(error: unknown): Reply {
  if (error instanceof Refusal) {
    const { status, message, kind, headers } = error;
    const body = kind === null ? errorBody(status, message) : { typeName: kind, message };
    return { status, body, headers };
  }
  if (error instanceof z.ZodError || error instanceof SyntaxError) {
    const message = error instanceof z.ZodError ? z.prettifyError(error) : error.message;
    return { status: 422, body: errorBody(422, message) };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { status: 500, body: errorBody(500, `fault in the simulated GitHub: ${message}`) };
}

function respond(c: Context, { status, body, json, headers = {} }: Reply): Response {
  if (body === undefined) return new Response(null, { status, headers });
  // A proxy in front of GitHub responds with its own pages: a fault whose headers name another content type.
  const isPage = typeof body === 'string' && headers['content-type'] !== undefined;
  return c.body(isPage ? body : (json ?? exactJson(body)), status as 200, {
    'content-type': 'application/json; charset=utf-8',
    ...headers,
  });
}

/** Undefined for a call in process. */
function addressOf(c: Context): string | undefined {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket: { remoteAddress?: string } } };
  return incoming?.socket.remoteAddress;
}
