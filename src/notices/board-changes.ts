import type { Item } from '../journal/attention/attention.js';
import type { StoredNotice } from '../store/tables/notices.ts';

/** Milliseconds for which something has to be wrong before it is told: a start and a single lost look pass. */
const LASTS = 15_000;
/** Milliseconds for which it has to be right again before that is told, so that what flutters is told once. */
const RIGHT_AGAIN = 60_000;
/** Things that are followed for one receiver; more of them are not told. */
const MOST = 300;

export interface BoardChanges {
  put: StoredNotice[];
  /** Keys. */
  delete: string[];
  /** By key, epoch ms at which what is not told yet was first seen. */
  fresh: Map<string, number>;
}

/**
 * What changes for one receiver when these things need attention now. A lost job is told at once and never
 * over: it does not come back.
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

/** A notice about something that does not need attention now; null when nothing has to be told of it any more. */
function withoutIt(row: StoredNotice, now: number): StoredNotice | null {
  // A clock that was set back must not keep it for longer.
  const missingSince = Math.min(row.missingSince ?? now, now);
  if (now - missingSince < RIGHT_AGAIN)
    return missingSince === row.missingSince ? row : { ...row, missingSince };
  if (row.kind !== 'job') return { ...row, endedAt: missingSince };
  return row.isTold ? null : row;
}

/** Whether the receiver has to be told something of it. */
export const isPending = ({ isTold, endedAt }: StoredNotice): boolean => !isTold || endedAt !== null;

/**
 * What is left of it at `now` when the receiver was told `told` of it; null when nothing is. It may have ended,
 * or come back, while the message was under way: that is still to be told.
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
