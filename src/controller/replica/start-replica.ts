import type { ReloadResult } from '../../config/changes/reload-result.ts';
import { SwitchedApp } from '../../http/switched-app.ts';
import { SharedDatabase } from '../../store/shared/shared-database.ts';
import { DisposeStack } from '../dispose-stack.ts';
import { prepareActive } from './prepare-active.ts';
import { Replica, type ReplicaOptions } from './replica.ts';
import { Standby } from './standby.ts';

/** Milliseconds for each part to close. */
const CLOSE_TIMEOUT = 10_000;

/**
 * Starts one of several controllers on a database. Rejects with a ConfigError or StoreError whose message is for the
 * operator.
 */
export async function startReplica(
  url: string,
  options: ReplicaOptions,
): Promise<{
  publicUrl: string;
  adminUrl: string;
  reload(by: string): Promise<ReloadResult>;
  drain(): Promise<void>;
}> {
  const { config, clock, log, ports } = options;
  const disposal = new DisposeStack(clock);
  try {
    const database = await SharedDatabase.open(url, config.store.lease, ports.openPool);
    disposal.defer('the database', () => database.close());
    const prepared = await prepareActive({ ...options, database });
    const standby = new Standby({
      config: () => replica.config,
      configInForce: () => replica.configInForce(),
      controllers: () => replica.controllers(),
      reload: (by) => replica.reload(by),
      figures: () => replica.figures(),
      ...{ database, clock: prepared.clock, log },
    });
    const [publicApp, adminApp] = [new SwitchedApp(standby.publicApp), new SwitchedApp(standby.adminApp)];
    const parts = { ...options, database, standby, publicApp, adminApp };
    const replica = new Replica(parts, prepared);
    disposal.defer('its part in the work', () => replica.end());
    const admin = await ports.listen(adminApp.app, config.admin.listen, 'admin.listen');
    disposal.defer('the admin listener', () => admin.close());
    const webhookListen = config.controller.webhook_listen;
    const open = await ports.listen(publicApp.app, webhookListen, 'controller.webhook_listen');
    disposal.defer('the public listener', () => open.close());
    await replica.start(admin.url);
    return {
      publicUrl: open.url,
      adminUrl: admin.url,
      reload: (by) => replica.reload(by),
      async drain() {
        await replica.end();
        await disposal.dispose(log, CLOSE_TIMEOUT);
      },
    };
  } catch (error) {
    await disposal.dispose(log, CLOSE_TIMEOUT);
    throw error;
  }
}
