import type { CreateLedger } from '../effects/pending-creates.ts';
import type { Store } from '../store/store.ts';

/** The store's table of creates that were sent, with its barrier. */
export function createLedger(store: Pick<Store, 'sent' | 'durable'>): CreateLedger {
  const { sent } = store;
  return {
    put: (name, at) => sent.put(name, at),
    delete: (name) => sent.delete(name),
    sentAt: (name) => sent.sentAt(name),
    durable: () => store.durable(),
  };
}
