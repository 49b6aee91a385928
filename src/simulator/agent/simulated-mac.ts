import type { Clock } from '../../clock.ts';
import { FaultPlan } from '../faults.ts';
import { type GuestSettings, loopbackHypervisor } from '../guest/loopback-hypervisor.ts';
import { type AgentServer, type AgentServerOptions, startAgentServer } from './agent-server.ts';
import type { AgentWorld } from './agent-world.ts';
import type { Hypervisor } from './hypervisor.ts';
import { createAgentWorld, shutDown } from './launch.ts';
import type { AgentSettings } from './options.ts';

export interface SimulatedMacOptions extends Omit<AgentServerOptions, 'world'> {
  clock: Clock;
  /** Returns numbers in [0, 1); with a seeded source, runs repeat. */
  random: () => number;
  settings?: AgentSettings;
  guests?: GuestSettings;
  /** Used in place of guests on loopback. */
  hypervisor?: Hypervisor;
}

/** One Mac with its agent, with real servers and processes on this machine. */
export interface SimulatedMac extends Pick<AgentServer, 'url' | 'port' | 'restart'> {
  readonly world: AgentWorld;
  readonly faults: FaultPlan;
  /** Ends the agent, every guest and every process in them. */
  close(): Promise<void>;
}

/** Starts a simulated Mac. Rejects when its port is taken. */
export async function startSimulatedMac(options: SimulatedMacOptions): Promise<SimulatedMac> {
  const { clock, random, settings, guests, hypervisor = loopbackHypervisor(guests), ...serving } = options;
  const faults = new FaultPlan(clock, random);
  const world = createAgentWorld({ clock, random, faults, hypervisor, ...(settings ? { settings } : {}) });
  const server = await startAgentServer({ ...serving, world });
  return {
    url: server.url,
    port: server.port,
    restart: server.restart,
    world,
    faults,
    close: async () => {
      await server.close();
      await shutDown(world, 'graceful');
    },
  };
}
