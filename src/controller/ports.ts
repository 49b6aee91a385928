import { type AgentSender, httpAgentSender } from '../agent/agent-sender.ts';
import type { EffectWorld } from '../effects/effect-world.ts';
import { openGuest } from '../guest/open-guest.ts';
import { listen } from '../http/listen.ts';
import { openStore } from '../store/open-store.ts';

/**
 * Everything by which the daemon meets what is outside of its process, the clock apart. The simulation puts a world
 * in memory here; nothing else in the daemon opens a socket, a file of its store or a source of chance.
 */
export interface Ports {
  openStore: typeof openStore;
  agentSender(): AgentSender;
  fetch: typeof fetch;
  openGuest: EffectWorld['openGuest'];
  listen: typeof listen;
  /** In [0, 1). */
  random(): number;
}

export const realPorts: Ports = {
  openStore,
  agentSender: httpAgentSender,
  fetch,
  openGuest,
  listen,
  random: Math.random,
};
