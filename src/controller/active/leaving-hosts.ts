import type { Logger } from 'pino';
import type { Dispatcher } from '../../dispatch/dispatcher.ts';
import type { Hosts } from '../../hosts/hosts.ts';
import type { JobActors } from '../../jobs/job-actors.ts';
import type { HostEntries } from '../../journal/entries/host-entries.ts';
import type { JournalWriter } from '../../journal/journal-writer.ts';

export interface LeavingHostsOptions {
  names: readonly string[];
  hosts: Hosts;
  actors: Pick<JobActors, 'all'>;
  dispatcher: Pick<Dispatcher, 'drainHost'>;
  hostEntries: HostEntries;
  journal: JournalWriter;
  /** Whether this controller gave the VM its name. */
  isOurs(vmName: string): boolean;
  log: Logger;
}

/**
 * The hosts that a reload of the config removed. They are drained: their jobs that do not run yet go to
 * other hosts, the others end there. A host stays until nothing of ours is left on it, or until it is silent and
 * has no job: the daemon could not remove anything from a Mac that is off.
 */
export class LeavingHosts {
  readonly #options: LeavingHostsOptions;
  readonly #names: Set<string>;
  #unsubscribe = (): void => undefined;

  constructor(options: LeavingHostsOptions) {
    this.#options = options;
    this.#names = new Set(options.names);
  }

  start(): void {
    const { dispatcher, journal } = this.#options;
    if (this.#names.size === 0) return;
    for (const name of this.#names) dispatcher.drainHost(name);
    // Whatever may leave a host empty is in the journal: the end of an actor, and a look that shows other VMs.
    this.#unsubscribe = journal.subscribe(() => queueMicrotask(() => this.#look()));
    this.#look();
  }

  stop(): void {
    this.#unsubscribe();
    this.#names.clear();
  }

  #look(): void {
    const { hosts, hostEntries, log } = this.#options;
    for (const name of [...this.#names]) {
      if (!this.#isEmpty(name)) continue;
      this.#names.delete(name);
      hosts.remove(name);
      hostEntries.left(name);
      log.info(
        { host: name },
        `host ${name} is not in the config any more, and nothing of this daemon is on it`,
      );
    }
  }

  #isEmpty(name: string): boolean {
    const { hosts, actors, isOurs } = this.#options;
    const snapshot = hosts.snapshotOf(name);
    const seen = snapshot?.hasTag('answers') ? (snapshot.context.look?.vms ?? []) : [];
    const isUnknown = snapshot !== null && !snapshot.hasTag('answers') && !snapshot.hasTag('needsAttention');
    if (isUnknown || seen.some((vm) => isOurs(vm.name))) return false;
    return [...actors.all()].every(({ snapshot: job }) => job.context.vm?.host !== name);
  }
}
