import type { Logger } from 'pino';
import type { AgentClient } from '../../../agent/agent-client.ts';
import type { Clock } from '../../../clock.ts';
import type { Config } from '../../../config/schema.ts';
import { Pulls } from '../../../hosts/pulls.ts';
import { ImageRollouts } from '../../../images/image-rollouts.ts';
import { namePrefix } from '../../../jobs/job-policy.ts';
import { ImageEntries } from '../../../journal/entries/image-entries.ts';
import type { JournalWriter } from '../../../journal/journal-writer.ts';
import type { Store } from '../../../store/store.ts';
import { BaseVms } from '../../../upkeep/bases/base-vms.ts';
import type { Core } from '../../create-core.ts';
import { pullEnded } from '../create-gates.ts';
import type { Predecessor } from '../handed-over.ts';
import { hasYetToServe } from './has-yet-to-serve.ts';

export interface ImagesParts {
  config: Config;
  store: Store;
  journal: JournalWriter;
  /** What was known with the config before; null at the start of the process. */
  before: Pick<Predecessor, 'pulls' | 'bases'> | null;
  agent(host: string): AgentClient;
  isSameHost(host: string): boolean;
  /** Makes a function do nothing once the jobs have stopped. */
  untilEnd<Args extends unknown[]>(tell: (...args: Args) => void): (...args: Args) => void;
  /** Called when it is needed: the core asks the rollouts, and they ask the core. */
  core(): Pick<Core, 'actors' | 'hosts' | 'cordons' | 'dispatcher' | 'breakers'>;
  clock: Clock;
  log: Logger;
}

/** Builds what is known of the images on the hosts, and what decides which image each VM is made from. */
export function createImages(parts: ImagesParts): {
  pulls: Pulls;
  bases: BaseVms;
  rollouts: ImageRollouts;
} {
  const { config, store, journal, before, agent, isSameHost, untilEnd, core, clock, log } = parts;
  const pulls = new Pulls({
    agent,
    clock,
    log,
    timeout: config.timeouts.creating,
    onChange: () => core().dispatcher.requestScheduling(),
    onEnd: untilEnd((image, error, digest) => {
      if (digest !== null) rollouts.saw(image, digest);
      pullEnded(core().breakers, rollouts.profilesWith(image), image, error);
    }),
    before: before?.pulls ?? null,
    isSameHost,
  });
  const bases = new BaseVms(config.controller.base_vms, namePrefix(config.controller), before?.bases ?? null);
  const rollouts: ImageRollouts = new ImageRollouts({
    table: store.rollouts,
    images: new Map(Object.entries(config.labels).map(([label, { image }]) => [label, image])),
    hasBaseVms: config.controller.base_vms,
    entries: new ImageEntries(journal, clock),
    clock,
    log,
    openHosts: () =>
      [...core().hosts.all()].flatMap(({ name, snapshot }) => {
        const isOpen = snapshot.hasTag('acceptsJobs') && snapshot.context.look !== null;
        return isOpen && core().cordons.of(name) === null ? [name] : [];
      }),
    isReady: (host, profile, image) =>
      bases.areMadeOn(host)
        ? bases.of(host, profile, image).state === 'ready'
        : pulls.stateOf(host, rollouts.referenceFor(image)) === 'ready',
    isTried: (profile, digest) => {
      const { actors } = core();
      return [...actors.making(), ...actors.placeholders()].some(({ snapshot }) =>
        hasYetToServe(snapshot, profile, digest),
      );
    },
    onChange: () => core().dispatcher.requestScheduling(),
  });
  return { pulls, bases, rollouts };
}
