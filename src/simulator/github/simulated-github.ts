import type { Clock } from '../../clock.ts';
import { FaultPlan } from '../faults.ts';
import { type GitHubServer, type GitHubServerOptions, startGitHubServer } from './github-server.ts';
import { createGitHubWorld, type GitHubWorld } from './github-world.ts';
import type { GitHubSettings } from './options.ts';

export interface SimulatedGitHubOptions extends Omit<GitHubServerOptions, 'world'> {
  clock: Clock;
  /** Returns numbers in [0, 1); with a seeded source, runs repeat. */
  random: () => number;
  settings?: GitHubSettings;
}

/** A GitHub with a real server on this machine. */
export interface SimulatedGitHub extends Pick<GitHubServer, 'url' | 'port'> {
  readonly world: GitHubWorld;
  readonly faults: FaultPlan;
  /** Ends the server and everything that would still happen by itself. */
  close(): Promise<void>;
}

/** Starts a simulated GitHub. Rejects when its port is taken. */
export async function startSimulatedGitHub(options: SimulatedGitHubOptions): Promise<SimulatedGitHub> {
  const { clock, random, settings, ...serving } = options;
  const faults = new FaultPlan(clock, random);
  const world = createGitHubWorld({ clock, random, faults, ...(settings ? { settings } : {}) });
  const server = await startGitHubServer({ ...serving, world });
  return {
    url: server.url,
    port: server.port,
    world,
    faults,
    close: async () => {
      world.alarms.end();
      await server.close();
    },
  };
}
