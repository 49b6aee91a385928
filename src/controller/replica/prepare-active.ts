import type { Logger } from 'pino';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/schema.ts';
import type { SharedDatabase } from '../../store/shared/shared-database.ts';
import { type ConfigFile, ConfigReloads } from '../config-reloads.ts';
import { type Connections, connect } from '../outside/connections.ts';
import type { Ports } from '../outside/ports.ts';
import { LeaseGuard } from './lease-guard.ts';
import { ShiftedClock } from './shifted-clock.ts';

export interface PrepareOptions {
  config: Config;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  log: Logger;
  configFile: ConfigFile | undefined;
  ports: Ports;
  database: Pick<SharedDatabase, 'aheadOf'>;
}

/** What the next active time begins with. Whatever may be wrong with a config is found before there is a lease to lose. */
export interface Prepared {
  config: Config;
  connections: Connections;
  /** The database's time, which every controller has. */
  clock: Clock;
  /** Nothing passes it before it has a lease. */
  guard: LeaseGuard;
  /** Behind the guard. */
  ports: Ports;
  /** Reloads of the config while this controller stands by. */
  reloads: ConfigReloads;
}

/** Rejects with a ConfigError, and when the database does not answer. */
export async function prepareActive(options: PrepareOptions): Promise<Prepared> {
  const { config, env, log, configFile, database } = options;
  const clock = new ShiftedClock(options.clock, await database.aheadOf(options.clock));
  const guard = new LeaseGuard();
  const ports = guard.ports(options.ports);
  const connections = await connect(config, { env, clock, log, ports });
  const reloads = new ConfigReloads({
    ...{ config, connections, clock, log },
    file: configFile,
    connect: (next, before) => connect(next, { env, clock, log, ports, before }),
    whyNot: () => null,
    async apply(next, connected, changes) {
      Object.assign(prepared, { config: next, connections: connected });
      if (changes.some(({ key }) => key === 'log.level')) log.level = next.log.level;
    },
    // Only the active controller writes the journal.
    journal: { write: () => 0 },
  });
  const prepared: Prepared = { config, connections, clock, guard, ports, reloads };
  return prepared;
}
