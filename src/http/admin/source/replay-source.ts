import { OrderRefused } from '../../../dispatch/orders.ts';
import type { EvidenceFile } from '../../../evidence/evidence-file.ts';
import type { Health } from '../../../health/health.ts';
import { HostHistory } from '../../../hosts/host-history.ts';
import { TakeOvers } from '../../../journal/take-overs.ts';
import type { JournalQuery, StoredJournalEntry } from '../../../store/tables/journal.ts';
import type { AdminSource } from '../api/api-routes.ts';

const OF_A_RECORDING: Health = {
  ready: false,
  degraded: true,
  canStore: true,
  scopes: [
    {
      what: 'daemon',
      name: '',
      sentence: 'This is a recording.',
      since: null,
      whoActs: 'Nobody: ask a running daemon.',
      stops: true,
    },
  ],
  ages: [],
};

/**
 * Returns an evidence file used in place of a daemon: everything can be read, nothing changes, and every order is
 * refused.
 */
export function replaySource(file: EvidenceFile): AdminSource {
  // Numbers the entries without gaps; an overview of any entry begins at the first one.
  const entries = file.journal.map((entry, index) => ({ ...entry, seq: index + 1, since: 1 }));
  const { story } = file;
  const history = new HostHistory();
  const takeOvers = new TakeOvers();
  const hosts = new Map<string, string>();
  for (const entry of entries) {
    history.add(entry);
    takeOvers.add(entry);
    if (entry.kind === 'host' && entry.host !== null) hosts.set(entry.host, entry.to);
  }
  return {
    mode: 'replay',
    settled: async () => undefined,
    config: () => null,
    controllers: () => [],
    takeOvers: () => takeOvers.all(),
    reload: null,
    recording: {
      seq: () => entries.length,
      durable: async () => undefined,
      read: (query) => readEntries(entries, query),
      seqAt: async (at) => entries.findLast((entry) => entry.at <= at)?.seq ?? 0,
      subscribe: () => () => undefined,
    },
    githubAhead: () => 0,
    jobs: () => story.live,
    recent: async () => (story.settled ? [story.settled] : []),
    job: async (jobId) => (jobId === story.jobId ? { ...story, effects: [], waiting: null } : null),
    evidence: async (jobId) => (jobId === story.jobId ? file : null),
    run: async (jobId) => (jobId === story.jobId ? (file.actor ?? null) : null),
    look: null,
    stats: () => file.stats,
    waiting: () => ({ waiting: [], unserved: [] }),
    hosts: () => [...hosts].map(([name, state]) => ({ name, state, history: history.of(name) })),
    images: () => [],
    sources: () => ({ mode: 'replay' }),
    status: () => ({}),
    health: () => OF_A_RECORDING,
    metrics: async () => '',
    collect: async () => {
      throw new OrderRefused(409, 'This is a recording: nothing can be ordered.');
    },
    orders: null,
  };
}

async function* readEntries(
  entries: readonly StoredJournalEntry[],
  { after = 0, before = Infinity, jobId, actor, limit = Infinity, reverse = false }: JournalQuery,
): AsyncGenerator<StoredJournalEntry> {
  const found = entries.filter(
    (entry) =>
      entry.seq > after &&
      entry.seq < before &&
      (jobId ?? entry.jobId) === entry.jobId &&
      (actor ?? entry.actor) === entry.actor,
  );
  if (reverse) found.reverse();
  yield* found.slice(0, limit);
}
