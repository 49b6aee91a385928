import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { HostCordons } from '../hosts/host-cordons.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { HostEntries } from '../journal/entries/host-entries.ts';
import type { Store } from '../store/store.ts';
import type { Cordon } from '../store/tables/hosts/cordons.ts';
import type { Dispatcher } from './dispatcher.ts';

export interface CordonWatchOptions {
  cordons: HostCordons;
  hosts: Pick<Hosts, 'snapshotOf'>;
  hostEntries: HostEntries;
  dispatcher: Pick<Dispatcher, 'requestScheduling'>;
  store: Store;
  clock: Clock;
  log: Logger;
}

const CALLED_OFF = Symbol('called off');

/** Ends each cordon at its end, or at the next start when that passed while the daemon was down. */
export class CordonWatch {
  readonly #options: CordonWatchOptions;
  #wake: AbortController | null = null;

  constructor(options: CordonWatchOptions) {
    this.#options = options;
  }

  /** Ends what has ended, and waits for the next end. To be called at the start and after each order. */
  look(): void {
    const { cordons, clock } = this.#options;
    for (const { host, cordon } of cordons.ended()) this.#end(host, cordon);
    this.stop();
    const next = cordons.nextEnd();
    if (next === null) return;
    this.#wake = new AbortController();
    clock.sleepUntil(next, this.#wake.signal).then(
      () => this.look(),
      () => undefined,
    );
  }

  stop(): void {
    this.#wake?.abort(CALLED_OFF);
    this.#wake = null;
  }

  #end(host: string, cordon: Cordon): void {
    const { store, hosts, hostEntries, dispatcher, log } = this.#options;
    store.atomically(() => {
      store.cordons.put(host, null);
      const snapshot = hosts.snapshotOf(host);
      if (snapshot) hostEntries.changed(host, snapshot, 'cordon.ended');
    });
    log.info({ host, cordon }, `host ${host}: the cordon by ${cordon.by} has ended; it gets jobs again`);
    dispatcher.requestScheduling();
  }
}
