import { type Clock, sleepFor } from '../../clock.ts';
import type { AdminSource } from '../../http/admin/api/api-routes.ts';
import { sharedView } from '../../http/admin/source/shared-view.ts';
import type { SharedDatabase } from '../../store/shared/shared-database.ts';

/** Milliseconds between two views, and for which an unchanged one counts as fresh. */
const EVERY = 1_000;
const AGAIN_AFTER = 5_000;

/** Shows standbys what the active controller knows, until the signal aborts. */
export async function shareView(
  source: AdminSource,
  database: Pick<SharedDatabase, 'shown'>,
  epoch: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  let shown = '';
  let shownAt = -Infinity;
  while (!signal.aborted) {
    const text = JSON.stringify(sharedView(source));
    if (text !== shown || clock.now() - shownAt >= AGAIN_AFTER) {
      const isShown = await database.shown.put(epoch, text).then(
        () => true,
        () => false,
      );
      if (isShown) [shown, shownAt] = [text, clock.now()];
    }
    await sleepFor(clock, EVERY, signal).catch(() => undefined);
  }
}
