import type { Logger } from 'pino';
import { type Clock, sleepFor } from '../../../clock.ts';
import type { Config } from '../../../config/schema.ts';
import type { HostCordons } from '../../../hosts/host-cordons.ts';
import type { ImageRollouts } from '../../../images/image-rollouts.ts';
import { Stop } from '../../../stop.ts';
import { BaseKeeper, type BaseKeeperOptions } from '../../../upkeep/bases/base-keeper.ts';
import type { DisposeStack } from '../../dispose-stack.ts';

export interface KeepImagesParts {
  config: Config;
  world: BaseKeeperOptions['world'];
  rollouts: ImageRollouts;
  namePrefix: string;
  cordons: Pick<HostCordons, 'of'>;
  clock: Clock;
  log: Logger;
}

/** Keeps base VMs on the hosts for which the config wants them, and watches over trials of images. */
export function keepImages(parts: KeepImagesParts, disposal: DisposeStack): void {
  watchRollouts(parts, disposal);
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

/** Decides at each interval about trials whose time is over or whose host takes no jobs. */
function watchRollouts({ rollouts, config, clock }: KeepImagesParts, disposal: DisposeStack): void {
  const stopped = new Stop();
  const watch = async () => {
    while (!stopped.signal.aborted) {
      rollouts.look();
      await sleepFor(clock, config.controller.gc_interval, stopped.signal).catch(() => undefined);
    }
  };
  const watching = watch();
  disposal.defer('the trials of images', () => {
    stopped.abort();
    return watching;
  });
}
