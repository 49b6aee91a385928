import type { ControllerRow } from './controller-rows.ts';

export interface ControllerView extends ControllerRow {
  /** Whether it was not seen for longer than a lease: it has died, or cannot reach the database. */
  isGone: boolean;
}

/** Returns a controller as it is seen `later` milliseconds after its row was read. `lease`: its length in milliseconds. */
export function controllerView(row: ControllerRow, lease: number, later = 0): ControllerView {
  const seenAgo = row.seenAgo + later;
  return { ...row, seenAgo, isGone: seenAgo > lease };
}
