import type { Item } from '../journal/attention/attention.js';
import type { StoredNotice } from '../store/tables/notices.ts';

/** Milliseconds that a problem has to last before it is told: a start or one lost look is not a problem. */
const LASTS = 15_000;
/** Milliseconds that a problem has to be over before that is told: one that comes and goes is told once. */
const RIGHT_AGAIN = 60_000;
/** Problems that are followed for one receiver; more of them are not told. */
const MOST = 300;

export interface BoardChanges {
  put: StoredNotice[];
  /** Keys. */
  delete: string[];
  /** By key, epoch ms at which what is not told yet was first seen. */
  fresh: Map<string, number>;
}

/**
 * Returns what changes for one receiver when these items need attention now. A lost job is told at once, and it is
 * never told that it is over: the job does not come back.
 */
export function boardChanges(
  known: ReadonlyMap<string, StoredNotice>,
  fresh: ReadonlyMap<string, number>,
  items: readonly Item[],
  now: number,
): BoardChanges {
  const changes: BoardChanges = { put: [], delete: [], fresh: new Map() };
  const present = new Map(items.map((item) => [item.key, item]));
  for (const item of present.values()) {
    const row = known.get(item.key);
    if (row) {
      if (row.missingSince !== null) changes.put.push({ ...row, missingSince: null, endedAt: null });
      continue;
    }
    const since = fresh.get(item.key) ?? now;
    const isToTell = item.kind === 'job' || now - since >= LASTS;
    if (isToTell && known.size + changes.put.length < MOST) changes.put.push(noticeOf(item, since));
    else changes.fresh.set(item.key, since);
  }
  for (const row of known.values()) {
    if (present.has(row.key) || row.endedAt !== null) continue;
    const left = withoutIt(row, now);
    if (left === null) changes.delete.push(row.key);
    else if (left !== row) changes.put.push(left);
  }
  return changes;
}

/** Returns the notice of an item that needs no attention now; null when nothing about it is left to tell. */
function withoutIt(row: StoredNotice, now: number): StoredNotice | null {
  // A clock that was set back must not keep it for longer.
  const missingSince = Math.min(row.missingSince ?? now, now);
  if (now - missingSince < RIGHT_AGAIN)
    return missingSince === row.missingSince ? row : { ...row, missingSince };
  if (row.kind !== 'job') return { ...row, endedAt: missingSince };
  return row.isTold ? null : row;
}

/** Returns whether the receiver has still to be told that it began or that it is over. */
export const isPending = ({ isTold, endedAt }: StoredNotice): boolean => !isTold || endedAt !== null;

/**
 * Returns the notice `row` after the receiver was told its earlier state `told`; null when nothing is left to tell. It
 * may have ended, or come back, while the message was under way: that has still to be told.
 */
export function afterTold(told: StoredNotice, row: StoredNotice, now: number): StoredNotice | null {
  if (told.endedAt === null) return { ...row, isTold: true };
  return row.endedAt === null ? { ...row, begunAt: now, isTold: false } : null;
}

function noticeOf(item: Item, begunAt: number): StoredNotice {
  const { key, kind, mood, what, sentence, whom, act, link } = item;
  const state = { begunAt, missingSince: null, endedAt: null, isTold: false };
  return { key, kind, mood, what, sentence, whom, act, link, ...state };
}
