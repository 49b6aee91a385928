import type { CreateLedger } from '../../src/effects/pending-creates.ts';

/** A ledger that is on disk at once. */
export function memoryLedger(): CreateLedger & { readonly sent: ReadonlyMap<string, number> } {
  const sent = new Map<string, number>();
  return {
    sent,
    put: (name, at) => sent.set(name, at),
    delete: (name) => sent.delete(name),
    sentAt: (name) => sent.get(name) ?? null,
    durable: () => Promise.resolve(),
  };
}
