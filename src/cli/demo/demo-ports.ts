import { UsageError } from '../command.ts';
import { freePort, isFree } from '../simulation/free-port.ts';

export interface DemoPorts {
  /** Port of the daemon's page and API. */
  admin: number;
  webhook: number;
  /** First port of the simulated world; 0 takes free ports. */
  world: number;
}

/** Ports in addition to those of the Macs: two of the daemon and one of GitHub. */
const FIXED_PORTS = 3;

/** Returns the ports of a demonstration. Throws a UsageError when one that was asked for is taken. */
export async function demoPorts(
  { port, hosts }: { port: number; hosts: number },
  random: () => number,
): Promise<DemoPorts> {
  if (port === 0) return { admin: await freePort(random), webhook: await freePort(random), world: 0 };
  const count = FIXED_PORTS + hosts;
  if (port + count > 65_536) {
    throw new UsageError(
      `--port ${port} is too high: the demo takes ${count} ports in a row. Write ${65_536 - count} or less.`,
    );
  }
  for (let taken = port; taken < port + count; taken += 1) {
    if (!(await isFree(taken))) {
      throw new UsageError(
        `Port ${taken} cannot be used: another process has it, or this user may not use it. The demo takes ${count} ports in a row: choose another first one with --port, or leave --port out.`,
      );
    }
  }
  return { admin: port, webhook: port + 1, world: port + 2 };
}
