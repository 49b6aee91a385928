import type { HoldEnd } from '../../machines/job/context.ts';
import { type Demand, unmetBy } from './demand.ts';

/** A VM that is kept for a person, or is to be kept. */
export interface HeldVm {
  key: string;
  host: string;
  /** It waits for the word that it may be held. */
  asks: boolean;
  /** Epoch ms. */
  at: number;
}

export interface HoldNeeds {
  held: readonly HeldVm[];
  /** What waits for a slot and no slot becomes free for, the first in the queue at the front. */
  demand: readonly Demand[];
  /** Whether the host takes no jobs: it is cordoned, drained, in maintenance, or left the config. */
  isClosed(host: string): boolean;
}

/**
 * Decides which VMs may be held, and which holds end. A Mac that takes no jobs holds no VM, and any other at most one:
 * of several, the one that was first. A job that waits gets the slot of a held VM when no other slot becomes free for it.
 */
export function planHolds({ held, demand, isClosed }: HoldNeeds): {
  grant: string[];
  end: { key: string; because: HoldEnd }[];
} {
  const end: { key: string; because: HoldEnd }[] = [];
  const kept: HeldVm[] = [];
  const ended: string[] = [];
  for (const vm of [...held].sort(firstFirst)) {
    const { key, host } = vm;
    const isSecond = kept.some((other) => other.host === host);
    if (!isSecond && !isClosed(host)) {
      kept.push(vm);
      continue;
    }
    end.push({ key, because: isSecond ? 'otherHeld' : 'hostClosed' });
    ended.push(host);
  }
  for (const mayUse of unmetBy(demand, ended)) {
    // The newest hold has cost a person the least, and one that did not begin costs nobody anything.
    const given = kept.findLast(({ host }) => mayUse(host));
    if (!given) continue;
    kept.splice(kept.indexOf(given), 1);
    end.push({ key: given.key, because: 'jobWaits' });
  }
  return { grant: kept.filter(({ asks }) => asks).map(({ key }) => key), end };
}

function firstFirst(a: HeldVm, b: HeldVm): number {
  return Number(a.asks) - Number(b.asks) || a.at - b.at || (a.key < b.key ? -1 : 1);
}
