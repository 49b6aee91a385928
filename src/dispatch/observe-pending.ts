import type { Store } from '../store/store.ts';
import type { Dispatcher } from './dispatcher.ts';

/** Takes the deliveries that were stored and acknowledged, and not handled before the last end of the daemon (law 6). */
export async function observePending(store: Store, dispatcher: Dispatcher): Promise<void> {
  for (const { id, observation } of await store.deliveries.pending()) {
    store.atomically(() => {
      if (observation) dispatcher.observe(observation);
      store.deliveries.markHandled(id);
    });
  }
}
