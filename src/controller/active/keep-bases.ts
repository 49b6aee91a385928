import type { Logger } from 'pino';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/schema.ts';
import type { HostCordons } from '../../hosts/host-cordons.ts';
import { BaseKeeper, type BaseKeeperOptions } from '../../upkeep/bases/base-keeper.ts';
import type { DisposeStack } from '../dispose-stack.ts';

export interface KeepBasesParts {
  config: Config;
  world: BaseKeeperOptions['world'];
  namePrefix: string;
  cordons: Pick<HostCordons, 'of'>;
  clock: Clock;
  log: Logger;
}

/** Keeps base VMs on the hosts for which the config wants them. */
export function keepBases(parts: KeepBasesParts, disposal: DisposeStack): void {
  const { config, world, namePrefix, cordons, clock, log } = parts;
  if (!config.controller.base_vms) return;
  const keeper = new BaseKeeper({
    world,
    hosts: config.hosts.map(({ name }) => name),
    profiles: Object.keys(config.labels),
    namePrefix,
    clock,
    log,
    interval: config.controller.gc_interval,
    isCordoned: (host) => cordons.of(host) !== null,
  });
  keeper.start();
  disposal.defer('the keeper of base VMs', () => keeper.stop());
}
