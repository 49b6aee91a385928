import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { ReloadResult } from '../config/changes/reload-result.ts';
import type { Config } from '../config/schema.ts';
import { createActiveDaemon } from './active-daemon.ts';
import type { ConfigFile } from './config-reloads.ts';
import { DisposeStack } from './dispose-stack.ts';
import { connect } from './outside/connections.ts';
import { type Ports, realPorts } from './outside/ports.ts';
import { startReplica } from './replica/start-replica.ts';
import { tellWrites } from './tell-writes.ts';

/** Milliseconds for each part to close. */
const CLOSE_TIMEOUT = 10_000;

export interface DaemonOptions {
  config: Config;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  log: Logger;
  /** From where the config comes; without it no reload is possible. */
  configFile?: ConfigFile;
  /** The real ones by default. */
  ports?: Ports;
  /** That of this program, which other controllers on its database are told. */
  version?: string;
}

export interface Daemon {
  publicUrl: string;
  adminUrl: string;
  /** Reads the config again and puts it in force, or refuses it with its problems. `by`: who ordered it. */
  reload(by: string): Promise<ReloadResult>;
  /** Stops taking work and ends: running jobs go on in their VMs, and the next daemon finds their records. */
  drain(): Promise<void>;
}

/**
 * The composition root: every part is made here, receives what it needs, and is released in reverse order.
 * Rejects with a ConfigError or StoreError whose message is for the operator.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, configFile, ports = realPorts, version = '' } = options;
  const { url } = config.store;
  if (url !== undefined) return startReplica(url, { ...options, configFile, ports, version });
  const disposal = new DisposeStack(options.clock);
  try {
    return await startAlone({ ...options, ports }, disposal);
  } catch (error) {
    await disposal.dispose(options.log, CLOSE_TIMEOUT);
    throw error;
  }
}

/** The only daemon with its store, which is a folder. */
async function startAlone(
  options: DaemonOptions & { ports: Ports },
  disposal: DisposeStack,
): Promise<Daemon> {
  const { config, env, clock, log, configFile, ports } = options;
  const connections = await connect(config, { env, clock, log, ports });
  const store = await ports.openStore({
    ...config.store,
    ...{ clock, log },
    onHealthChange: tellWrites(log),
  });
  disposal.defer('the store', () => store.close());
  const daemon = await createActiveDaemon(
    { config, connections, store, env, clock, log, configFile, ports },
    disposal,
  );
  const admin = await ports.listen(daemon.adminApp, config.admin.listen, 'admin.listen');
  disposal.defer('the admin listener', () => admin.close());
  const webhookListen = config.controller.webhook_listen;
  const open = await ports.listen(daemon.publicApp, webhookListen, 'controller.webhook_listen');
  disposal.defer('the public listener', () => open.close());
  await daemon.start();
  return {
    publicUrl: open.url,
    adminUrl: admin.url,
    reload: (by) => daemon.reload(by),
    async drain() {
      await daemon.stop();
      await disposal.dispose(log, CLOSE_TIMEOUT);
    },
  };
}
