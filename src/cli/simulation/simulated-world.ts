import type { Clock } from '../../clock.ts';
import type { AgentSettings } from '../../simulator/agent/options.ts';
import { type SimulatedMac, startSimulatedMac } from '../../simulator/agent/simulated-mac.ts';
import { type SimulatedGitHub, startSimulatedGitHub } from '../../simulator/github/simulated-github.ts';

export interface SimulatedWorldOptions {
  clock: Clock;
  random: () => number;
  /** Address to listen on. */
  host: string;
  /** First of the ports: GitHub's, then one for each Mac; 0 takes any free ones. */
  port: number;
  macs: number;
  agentToken: string;
  /** The login in the guests; admin, with the password admin, unless told otherwise. */
  guests?: { user: string; password: string };
}

/** A GitHub and some Macs with real guests, in this process. */
export interface SimulatedWorld {
  readonly github: SimulatedGitHub;
  readonly macs: readonly SimulatedMac[];
  /** Ends every server, every guest and the processes in the guests. */
  close(): Promise<void>;
}

/** Slow enough to watch, fast enough to wait for: a VM is ready within about two seconds. */
const LATENCIES: AgentSettings = {
  latencies: {
    pull: 900,
    clone: [150, 300],
    start: [150, 300],
    nat: [150, 400],
    sshd: [500, 1_500],
    delete: [80, 200],
  },
};

/** Starts all of it, or, when a part fails, nothing. Rejects when a port is taken. */
export async function startSimulatedWorld(options: SimulatedWorldOptions): Promise<SimulatedWorld> {
  const { clock, random, host, port, macs: count, agentToken, guests } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    await Promise.allSettled(
      closers
        .splice(0)
        .reverse()
        .map((end) => end()),
    );
  };
  try {
    const github = await startSimulatedGitHub({ clock, random, host, port });
    closers.push(github.close);
    const macs: SimulatedMac[] = [];
    for (let n = 1; n <= count; n += 1) {
      const mac = await startSimulatedMac({
        clock,
        random,
        host,
        port: port === 0 ? 0 : port + n,
        token: agentToken,
        settings: LATENCIES,
        ...(guests && { guests }),
      });
      closers.push(mac.close);
      macs.push(mac);
    }
    return { github, macs, close };
  } catch (error) {
    await close();
    throw error;
  }
}
