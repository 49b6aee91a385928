import { z } from 'zod';
import { count, exactText, identifier, instant } from '../../bounds.ts';
import type { AgedTable, AgedTableOptions } from './aged-table.ts';
import { numberKey } from './table.ts';

/**
 * What was saved at the end of one attempt, before its VM was deleted; the journal has the rest. It contains
 * no secrets.
 */
export interface KeptEvidence {
  jobId: number;
  attempt: number;
  /** Epoch ms. */
  at: number;
  vmName: string | null;
  host: string | null;
  /** What the agent reported of the VM, oldest first. */
  agentEvents: unknown[];
  /** The guest's screen as base64 PNG; null when the agent returned none. */
  screen: string | null;
  /** The last parts of the runner's logs, by file name. */
  logs: Record<string, string>;
  /** What the last look at the host showed. */
  hostLook: unknown;
  /** What could not be saved, and why. */
  missing: string[];
}

export const EVIDENCE_ROWS: AgedTableOptions<KeptEvidence> = {
  keys: /^\d{16}-\d{1,15}$/,
  schema: z.object({
    jobId: identifier,
    attempt: count,
    at: instant,
    vmName: exactText.nullable(),
    host: exactText.nullable(),
    agentEvents: z.array(z.unknown()),
    screen: z.string().nullable(),
    logs: z.record(z.string(), z.string()),
    hostLook: z.unknown(),
    missing: z.array(z.string()),
  }),
  means: 'What was kept of that attempt is not shown.',
};

/** Each has at most a megabyte, so together they stay below 100 MB. */
const MOST_ATTEMPTS_KEPT = 100;

/** The evidence of attempts that failed. */
export class Evidence {
  readonly #table: AgedTable<KeptEvidence>;

  constructor(table: AgedTable<KeptEvidence>) {
    this.#table = table;
  }

  /** Stores the evidence, and removes the oldest when there are too many. */
  put(evidence: KeptEvidence): void {
    this.#table.put(`${numberKey(evidence.jobId)}-${evidence.attempt}`, evidence);
    const [oldest] = this.#table.keys();
    if (this.#table.size > MOST_ATTEMPTS_KEPT && oldest !== undefined) this.#table.delete(oldest);
  }

  /** The evidence of a job's attempts, in their order. */
  async of(jobId: number): Promise<KeptEvidence[]> {
    const keys = this.#table.keys().filter((key) => key.startsWith(`${numberKey(jobId)}-`));
    const kept = await Promise.all(keys.map((key) => this.#table.get(key)));
    return kept.filter((one) => one !== undefined).sort((a, b) => a.attempt - b.attempt);
  }

  keys(): { jobId: number; attempt: number; at: number }[] {
    return this.#table.keys().map((key) => {
      const [jobId, attempt] = key.split('-');
      return { jobId: Number(jobId), attempt: Number(attempt), at: this.#table.at(key) ?? 0 };
    });
  }
}
