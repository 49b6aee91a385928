// @ts-check

/**
 * What happened around a job: the changes of its hosts, of webhooks and of breakers, orders for its hosts, and starts
 * of the daemon. A host's entry about VMs only is left out: other jobs make and delete VMs all the time.
 *
 * @typedef {import('../../store/tables/journal.ts').StoredJournalEntry} Entry
 */

/** Returns the hosts that a job had VMs on. @param {Entry[]} entries of the job */
export function hostsOf(entries) {
  return new Set(entries.map(({ host }) => host).filter((host) => host !== null));
}

/** @param {Entry} entry @param {ReadonlySet<string>} hosts of the job */
export function isAround({ kind, host, jobId, from, to, isTurn }, hosts) {
  if (kind === 'daemon') return true;
  if (kind === 'webhooks' || kind === 'breaker') return from !== to;
  if (host === null || !hosts.has(host)) return false;
  return kind === 'host' ? isTurn === true || from !== to : kind === 'order' && jobId === 0;
}
