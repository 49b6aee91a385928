import { type AgentSender, httpAgentSender } from '../../agent/agent-sender.ts';
import type { EffectWorld } from '../../effects/effect-world.ts';
import { openGuest } from '../../guest/open-guest.ts';
import { listen } from '../../http/listen.ts';
import { macUptime } from '../../mac-uptime.ts';
import { openStore } from '../../store/open-store.ts';
import { type OpenPool, pool } from '../../store/postgres/pool.ts';
import { proxyFor } from './proxy-for.ts';

/**
 * Everything through which the daemon reaches the outside of its process, except the clock. The simulation
 * passes a world in memory here; nothing else in the daemon opens a socket or a file of its store, or draws
 * random numbers.
 */
export interface Ports {
  openStore: typeof openStore;
  /** Connections to the database that several controllers share. */
  openPool: OpenPool;
  /** `mayLeave` is asked right before a request is written. */
  agentSender(mayLeave?: () => boolean): AgentSender;
  /** For requests without a proxy. */
  fetch: typeof fetch;
  proxyFor: typeof proxyFor;
  openGuest: EffectWorld['openGuest'];
  listen: typeof listen;
  /** A random number in [0, 1). */
  random(): number;
  /** Seconds for which this Mac has run; null on another system. */
  macUptime(): number | null;
}

export const realPorts: Ports = {
  openStore,
  openPool: pool,
  agentSender: httpAgentSender,
  fetch,
  proxyFor,
  openGuest,
  listen,
  random: Math.random,
  macUptime,
};
