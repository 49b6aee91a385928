import { z } from 'zod';
import { PROOF_CAUSES, type Proof } from '../../../../machines/host.ts';
import { instant } from '../../../bounds.ts';
import type { Table } from '../table.ts';

const schema = z.object({ cause: z.enum(PROOF_CAUSES), since: instant });

/** What hosts have to prove before they get more than one VM at a time, across restarts. */
export class HostProofs {
  readonly #table: Table;
  readonly #proofs = new Map<string, Proof>();

  constructor(table: Table) {
    this.#table = table;
  }

  async load(): Promise<void> {
    for await (const row of this.#table.rows()) {
      const { data, error } = schema.safeParse(row.value);
      if (data) this.#proofs.set(row.key, data);
      else this.#table.setAside(row, error, null, `The host ${row.key} counts as one that works.`);
    }
  }

  /** Null for a host that works, as far as is known. */
  of(host: string): Proof | null {
    return this.#proofs.get(host) ?? null;
  }

  /** Null when the host has proved it. Skips the write when nothing changes. */
  put(host: string, proof: Proof | null): void {
    const before = this.of(host);
    if (before?.cause === proof?.cause && before?.since === proof?.since) return;
    if (proof === null) {
      this.#proofs.delete(host);
      this.#table.delete(host);
    } else {
      this.#proofs.set(host, proof);
      this.#table.put(host, proof);
    }
  }
}
