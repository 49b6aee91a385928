import type { CreateLedger } from '../../src/effects/pending-creates.ts';

/** A ledger in memory that counts as durable at once. */
export function memoryLedger(): CreateLedger & { readonly sent: ReadonlyMap<string, unknown> } {
  const sent = new Map<string, { at: number; uptime: number | null }>();
  return {
    sent,
    put: (name, at, uptime) => sent.set(name, { at, uptime }),
    delete: (name) => sent.delete(name),
    sentAt: (name) => sent.get(name)?.at ?? null,
    uptimeAtSend: (name) => sent.get(name)?.uptime ?? null,
    durable: () => Promise.resolve(),
  };
}
