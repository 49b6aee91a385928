import type { Clock } from '../../clock.ts';
import type { TableName } from '../engine.ts';
import { GroupCommit } from '../group-commit.ts';
import type { PostgresReader } from '../postgres/postgres-reader.ts';
import { AgedTable } from '../tables/aged-table.ts';
import { EVIDENCE_ROWS, type KeptEvidence } from '../tables/evidence.ts';
import { SETTLED_ROWS, type SettledJob, SettledJobs } from '../tables/jobs/settled-jobs.ts';
import { Journal } from '../tables/journal.ts';
import { numberKey, Table } from '../tables/table.ts';

/**
 * The records as a controller reads them that does not write: it keeps none of them in memory, since another one
 * changes them. Rows that cannot be read are left to that one.
 */
export class SharedReads {
  readonly journal: Journal;
  readonly #settled: SettledJobs;
  readonly #settledRows: Table;
  readonly #evidenceRows: Table;

  constructor(reader: PostgresReader, clock: Clock) {
    const commit = new GroupCommit({ clock, write: () => Promise.resolve() });
    const table = (name: TableName) => new Table(name, reader, commit, () => undefined);
    this.journal = new Journal(table('journal'), table('journalOfJob'));
    this.#settledRows = table('settled');
    this.#evidenceRows = table('evidence');
    this.#settled = new SettledJobs(new AgedTable(this.#settledRows, SETTLED_ROWS));
  }

  settled(jobId: number): Promise<SettledJob | null> {
    return this.#settled.get(jobId);
  }

  /** The outcomes of the jobs with the highest ids: GitHub numbers jobs as they come. */
  async newest(limit: number): Promise<SettledJob[]> {
    const found: SettledJob[] = [];
    for await (const { value } of this.#settledRows.rows({ reverse: true, limit })) {
      const { data } = SETTLED_ROWS.schema.safeParse(value);
      if (data?.outcome != null) found.push(data);
    }
    return found.sort((a, b) => b.at - a.at);
  }

  /** The evidence of a job's attempts, in their order. */
  async evidence(jobId: number): Promise<KeptEvidence[]> {
    const key = numberKey(jobId);
    const found: KeptEvidence[] = [];
    for await (const { value } of this.#evidenceRows.rows({ gt: `${key}-`, lt: `${key}.` })) {
      const { data } = EVIDENCE_ROWS.schema.safeParse(value);
      if (data) found.push(data);
    }
    return found.sort((a, b) => a.attempt - b.attempt);
  }
}
