import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import type { EffectWorld } from '../effects/effect-world.ts';
import { namePrefix } from '../jobs/job-policy.ts';
import type { Store } from '../store/store.ts';
import { BaseKeeper } from '../upkeep/bases/base-keeper.ts';

export interface KeepBasesParts {
  config: Config;
  world: EffectWorld;
  store: Store;
  clock: Clock;
  log: Logger;
}

/** Begins to keep base VMs, if the config wants any; those of an earlier config are the collector's. Answers how to stop. */
export function keepBases({ config, world, store, clock, log }: KeepBasesParts): () => Promise<void> {
  if (!config.controller.base_vms) return async () => undefined;
  const keeper = new BaseKeeper({
    world,
    hosts: config.hosts.map(({ name }) => name),
    profiles: Object.keys(config.labels),
    namePrefix: namePrefix(config.controller),
    clock,
    log,
    interval: config.controller.gc_interval,
    isCordoned: (host) => store.cordons.of(host) !== null,
  });
  const keeping = keeper.run();
  return () => {
    keeper.stop();
    return keeping;
  };
}
