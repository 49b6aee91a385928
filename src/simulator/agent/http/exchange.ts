import { sleepFor } from '../../../clock.ts';
import { type Fault, hang } from '../../faults.ts';
import type { AgentWorld } from '../agent-world.ts';
import { guestRoutes } from '../routes/guest-routes.ts';
import { imageRoutes } from '../routes/image-routes.ts';
import { systemRoutes } from '../routes/system-routes.ts';
import { unsimulatedRoutes } from '../routes/unsimulated-routes.ts';
import { vmRoutes } from '../routes/vm-routes.ts';
import { limitFrom } from './query.ts';
import { errorReply, type Reply, refusalReply } from './reply.ts';
import type { RequestHead } from './request-head.ts';
import { checkIds, Router } from './router.ts';

const router = new Router([
  ...systemRoutes,
  ...vmRoutes,
  ...guestRoutes,
  ...imageRoutes,
  ...unsimulatedRoutes,
]);
const CHANGING = ['POST', 'PATCH', 'DELETE'];
/** The maintenance routes themselves: each has its own response while another one runs. */
const MAINTENANCE = ['DELETE /vms', 'DELETE /images', 'POST /system/reset'];

/** How the client's end of the connection may stop a request. */
export interface ClientSignals {
  /**
   * The connection was reset: the agent cancels what it can. A client that only closes its side cancels
   * nothing.
   */
  reset: AbortSignal;
  /** The client no longer reads, reset or closed: ends a hung request. */
  gone: AbortSignal;
}

/**
 * Handles one request of the agent's API, in the agent's order of checks: token, faults, maintenance, route,
 * id, and then the route's own checks. `cut` means that the connection has to end without a response.
 */
export async function answerRequest(
  world: AgentWorld,
  token: string,
  head: RequestHead,
  body: Buffer,
  client: ClientSignals,
): Promise<Reply | 'cut'> {
  const life = world.life.end.signal;
  const path = head.path.startsWith('/v1/') ? head.path.slice('/v1'.length) : '';
  if (path !== '/health' && !isAuthorized(head.headers.get('authorization'), token)) {
    return refusalReply(401, 'UNAUTHORIZED', 'Invalid or missing authentication token');
  }
  try {
    const fault = world.faults.next(`${head.method} ${path}`);
    if (fault?.delayMs) await sleepFor(world.clock, fault.delayMs, life);
    if (fault?.hang) await hang(AbortSignal.any([life, client.gone]));
    if (fault?.drop === 'before') return 'cut';
    const instead = fault && fault.drop === undefined ? replyOf(fault) : null;
    const asked = fault?.endlessList ? fromItsBegin(head) : head;
    const reply = instead ?? (await route(world, asked, path, body, life, client));
    if (fault?.drop === 'after') return 'cut';
    return fault ? spoiled(reply, fault, head) : reply;
  } catch (error) {
    return life.aborted || client.gone.aborted ? 'cut' : errorReply(error);
  }
}

async function route(
  world: AgentWorld,
  { method, query }: RequestHead,
  path: string,
  body: Buffer,
  life: AbortSignal,
  client: ClientSignals,
): Promise<Reply> {
  if (world.maintenance && CHANGING.includes(method) && !MAINTENANCE.includes(`${method} ${path}`)) {
    const message = 'The agent is performing destructive maintenance';
    return refusalReply(503, 'MAINTENANCE_IN_PROGRESS', message);
  }
  const match = router.match(method, path);
  if ('status' in match) return match;
  try {
    return await match.route.handle({
      world,
      query,
      ids: checkIds(match.ids),
      body,
      life,
      // Few routes use it, and making one costs more than most of them.
      get signal() {
        return AbortSignal.any([life, client.reset]);
      },
    });
  } catch (error) {
    if (life.aborted || client.reset.aborted) throw error;
    return errorReply(error);
  }
}

/** The response of a fault in place of the work, or null when the fault only delays. */
function replyOf(fault: Fault): Reply | null {
  if (fault.status === undefined && fault.code === undefined && fault.body === undefined) return null;
  const status = fault.status ?? 500;
  const envelope = refusalReply(status, fault.code ?? 'INTERNAL_ERROR', fault.message ?? 'Injected fault');
  const reply = fault.body === undefined ? envelope : { status, body: fault.body };
  return fault.headers ? { ...reply, headers: fault.headers } : reply;
}

const fromItsBegin = (head: RequestHead): RequestHead => ({
  ...head,
  query: new Map([...head.query].filter(([name]) => name !== 'offset')),
});

/** The response as it is sent slowly, or as a list that does not end. */
function spoiled(reply: Reply, { dripMs, endlessList }: Fault, { query }: RequestHead): Reply {
  const slow = dripMs === undefined ? reply : { ...reply, dripMs };
  if (!endlessList || typeof reply.body !== 'object') return slow;
  const limit = limitFrom(query);
  const filled = Object.entries(reply.body ?? {}).map(([key, value]) =>
    Array.isArray(value) && value.length > 0
      ? [key, Array.from({ length: limit }, (_, n) => value[n % value.length])]
      : [key, value],
  );
  return { ...slow, body: Object.fromEntries(filled) };
}

const isAuthorized = (header: string | undefined, token: string): boolean =>
  /^bearer +([^ \t]+)$/i.exec(header ?? '')?.[1] === token;
