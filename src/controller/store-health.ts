import type { Store } from '../store/store.ts';

/** Whether the daemon can write down what it does; when not, it starts nothing new. */
export function storeHealth(store: Store): { ok: boolean; reasons: string[] } {
  const { ok, lastError } = store.health();
  return { ok, reasons: ok ? [] : [`The store cannot be written: ${lastError}`] };
}
