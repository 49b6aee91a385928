import type { AgedTable } from './aged-table.ts';
import { numberKey } from './number-key.ts';

/** What was saved of one attempt's end before its VM was deleted; the journal has the rest. No secrets. */
export interface KeptEvidence {
  jobId: number;
  attempt: number;
  /** Epoch ms. */
  at: number;
  vmName: string | null;
  host: string | null;
  /** What the agent reported of the VM, oldest first. */
  agentEvents: unknown[];
  /** The guest's screen as base64 PNG; null when the agent gave none. */
  screen: string | null;
  /** Ends of the runner's logs by file name. */
  logs: Record<string, string>;
  /** How the host looked. */
  hostLook: unknown;
  /** What could not be had, and why. */
  missing: string[];
}

/** Bundles that are kept: with at most a megabyte each they stay below 100 MB. */
const MOST = 100;

export class Evidence {
  readonly #table: AgedTable<KeptEvidence>;

  constructor(table: AgedTable<KeptEvidence>) {
    this.#table = table;
  }

  /** The oldest goes when there are too many. */
  put(evidence: KeptEvidence): void {
    this.#table.put(`${numberKey(evidence.jobId)}-${evidence.attempt}`, evidence);
    const [oldest] = this.#table.keys();
    if (this.#table.size > MOST && oldest !== undefined) this.#table.delete(oldest);
  }

  /** Those of a job, its first attempt first. */
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
