import type { Config } from '../../config/schema.ts';
import { quoted } from '../../format.js';
import type { ControllerRow } from '../../store/shared/controller-rows.ts';
import { FORMAT, problemOf, type StoreState } from '../../store/store-format.ts';

/** What the records of live jobs need of a config. */
export interface Needs {
  hosts: ReadonlySet<string>;
  labels: ReadonlySet<string>;
}

export interface TakeFacts {
  state: StoreState;
  /** The format of the newest daemon that had the lease. */
  format: number;
  needs: Needs;
  own: Pick<Config, 'hosts' | 'labels'>;
  /** The other controllers of this database, also those that were not seen for a while. */
  others: readonly Pick<ControllerRow, 'name' | 'hosts' | 'labels' | 'seenAgo'>[];
}

/** Milliseconds for which this controller waits for one that it does not see any more. */
const WAITED_FOR = 10 * 60_000;

/**
 * Why this controller must not take the free lease, as a sentence; null when it may. One whose config lacks what live
 * jobs need would give them up: it leaves them to a controller that has it, as long as one was seen lately.
 */
export function whyNotTake({ state, format, needs, own, others }: TakeFacts): string | null {
  const problem = problemOf(state);
  if (problem !== null) return `The store cannot be used: ${problem}`;
  if (format > FORMAT) {
    return `A newer version wrote the records (format ${format}, and this one knows ${FORMAT}): install the newer version here.`;
  }
  const lacks = lacking(needs, { hosts: own.hosts.map(({ name }) => name), labels: Object.keys(own.labels) });
  const better = others.find((one) => one.seenAgo < WAITED_FOR && lacking(needs, one).length === 0);
  if (lacks.length === 0 || !better) return null;
  return `Its config has no ${lacks.join(' and no ')}, which jobs need now; the config of ${better.name} has what they need. Add it to the config here, and reload.`;
}

function lacking(needs: Needs, has: { hosts: readonly string[]; labels: readonly string[] }): string[] {
  return [
    ...[...needs.hosts].filter((host) => !has.hosts.includes(host)).map((host) => `host ${quoted(host)}`),
    ...[...needs.labels]
      .filter((label) => !has.labels.includes(label))
      .map((label) => `label ${quoted(label)}`),
  ];
}
