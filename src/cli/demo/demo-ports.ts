import { UsageError } from '../command.ts';
import { freePort, isFree } from '../simulation/free-port.ts';

export interface DemoPorts {
  /** Ports of each daemon: of its page and API, and of its webhooks. */
  daemons: readonly { admin: number; webhook: number }[];
  /** First port of the simulated world; 0 takes free ports. */
  world: number;
  /** What several controllers share: the balancer of webhooks, and the database unless it is elsewhere. */
  balancer: number;
  database: number;
}

export interface PortsWanted {
  /** First of several ports in a row; 0 takes free ports. */
  port: number;
  hosts: number;
  controllers: number;
}

/** Returns the ports of a demonstration. Throws a UsageError when one that was asked for is taken. */
export async function demoPorts(wanted: PortsWanted, random: () => number): Promise<DemoPorts> {
  const { port, hosts, controllers } = wanted;
  const own = 2 * controllers;
  // GitHub and the Macs, and behind them what only several controllers need.
  const [world, shared] = [1 + hosts, controllers > 1 ? 2 : 0];
  const first = port === 0 ? [] : await inARow(port, own + world + shared);
  const ports =
    port === 0 ? await anyFree(own + 2, random) : [...first.slice(0, own), ...first.slice(own + world)];
  const at = (n: number) => ports[n] ?? 0;
  return {
    daemons: Array.from({ length: controllers }, (_, n) => ({ admin: at(2 * n), webhook: at(2 * n + 1) })),
    world: port === 0 ? 0 : port + own,
    balancer: at(own),
    database: at(own + 1),
  };
}

async function anyFree(count: number, random: () => number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort(random));
  return [...ports];
}

async function inARow(port: number, count: number): Promise<number[]> {
  if (port + count > 65_536) {
    throw new UsageError(
      `--port ${port} is too high: the demo takes ${count} ports in a row. Write ${65_536 - count} or less.`,
    );
  }
  const ports = Array.from({ length: count }, (_, n) => port + n);
  for (const taken of ports) {
    if (!(await isFree(taken))) {
      throw new UsageError(
        `Port ${taken} cannot be used: another process has it, or this user may not use it. The demo takes ${count} ports in a row: choose another first one with --port, or leave --port out.`,
      );
    }
  }
  return ports;
}
