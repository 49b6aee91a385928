import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { instant } from '../format.js';
import type { HostCordons } from '../hosts/host-cordons.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { HostEntries } from '../journal/entries/host-entries.ts';
import type { Store } from '../store/store.ts';
import type { Cordon } from '../store/tables/hosts/cordons.ts';
import type { Dispatcher } from './dispatcher.ts';

export interface CordonWatchOptions {
  cordons: HostCordons;
  hosts: Pick<Hosts, 'all' | 'snapshotOf' | 'tell'>;
  hostEntries: HostEntries;
  dispatcher: Pick<Dispatcher, 'drainHost' | 'requestScheduling'>;
  store: Store;
  clock: Clock;
  log: Logger;
  /** The watch of the earlier config, which is stopped. */
  before?: CordonWatch | null;
}

/** Milliseconds after which the system's clock is asked again: a window begins by it, and it may have been set. */
const LONGEST_SLEEP = 60_000;

/**
 * Ends each cordon at its end, drains a host when its maintenance window begins, and lets it get jobs when the
 * window is over. What passed while the daemon was down is done at its start.
 */
export class CordonWatch {
  readonly #options: Omit<CordonWatchOptions, 'before'>;
  /** Hosts in a window that is known to have begun. */
  readonly #inWindow: Set<string>;
  /** Cancels the next look. */
  #callOff = (): void => undefined;

  constructor({ before = null, ...options }: CordonWatchOptions) {
    this.#options = options;
    this.#inWindow = new Set(before ? before.#inWindow : []);
  }

  /** Does what is due, and waits for the next change. To be called at the start and after each order. */
  look(): void {
    const { cordons, clock, hosts } = this.#options;
    for (const { host, cordon } of cordons.ended()) this.#end(host, cordon);
    for (const { name } of hosts.all()) this.#lookAtWindow(name);
    this.stop();
    const next = cordons.nextChange();
    if (next !== null)
      this.#callOff = clock.alarm(Math.min(next, clock.now() + LONGEST_SLEEP), () => this.look());
  }

  stop(): void {
    this.#callOff();
  }

  #end(host: string, cordon: Cordon): void {
    const { store, hosts, log, dispatcher } = this.#options;
    store.atomically(() => {
      store.cordons.put(host, null);
      if (!cordon.opens) hosts.tell(host, { type: 'proof.demanded' });
      this.#note(host, 'cordon.ended');
    });
    if (!cordon.opens) log.info({ host, cordon }, `host ${host}: the cordon by ${cordon.by} has ended`);
    dispatcher.requestScheduling();
  }

  #lookAtWindow(host: string): void {
    const { cordons, hosts, store, dispatcher, log } = this.#options;
    const window = cordons.window(host);
    if (window !== null && !this.#inWindow.has(host)) {
      this.#inWindow.add(host);
      // An operator opened the host for this window before the daemon was started again.
      if (cordons.of(host) === null) return;
      log.info(
        { host, window },
        `host ${host}: maintenance until ${instant(window.until)}; it gets no new jobs`,
      );
      store.atomically(() => {
        // It is stored now, since the daemon may be down when the window is over.
        hosts.tell(host, { type: 'proof.demanded' });
        this.#note(host, 'maintenance.began');
        dispatcher.drainHost(host);
      });
    }
    if (window === null && this.#inWindow.delete(host)) {
      log.info({ host }, `host ${host}: its maintenance window is over`);
      this.#note(host, 'maintenance.ended');
      dispatcher.requestScheduling();
    }
  }

  #note(host: string, event: string): void {
    const snapshot = this.#options.hosts.snapshotOf(host);
    if (snapshot) this.#options.hostEntries.changed(host, snapshot, event);
  }
}
