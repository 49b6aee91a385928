import { createHash } from 'node:crypto';
import { counted } from '../format.js';
import type { StoredNotice } from '../store/tables/notices.ts';

/** Notices in one message; the others are counted. */
const MOST_IN_MESSAGE = 20;

export interface Notice extends StoredNotice {
  /** Stays the same when the notice is sent again, so that a receiver can leave out what it has seen. */
  id: string;
  change: 'begun' | 'over';
}

/** What is sent at once. */
export interface Message {
  id: string;
  /** Epoch ms. */
  at: number;
  /** The id of the controller that sends it. */
  controller: string;
  /** One sentence about all notices. */
  title: string;
  /** The worst first, and those that are over last. */
  notices: Notice[];
  /** How many notices were left out of `notices`. */
  more: number;
}

/** Returns the message about all of these notices, of which there is at least one. */
export function messageOf(pending: readonly StoredNotice[], controller: string, at: number): Message {
  const told = pending.map((row): Notice => {
    const change = row.endedAt === null ? 'begun' : 'over';
    return { ...row, change, id: hash(`${row.key} ${row.begunAt} ${change}`) };
  });
  const inOrder = told.toSorted((a, b) => rank(a) - rank(b) || a.begunAt - b.begunAt);
  const begun = told.filter(({ change }) => change === 'begun').length;
  const over = told.length - begun;
  return {
    id: hash(inOrder.map(({ id }) => id).join(' ')),
    at,
    controller,
    title: `jeballto-runner ${controller}: ${[
      ...(begun > 0 ? [`${counted(begun, 'thing needs', 'things need')} attention`] : []),
      ...(over > 0 ? [`${counted(over, 'thing is', 'things are')} over`] : []),
    ].join(', ')}.`,
    notices: inOrder.slice(0, MOST_IN_MESSAGE),
    more: Math.max(0, inOrder.length - MOST_IN_MESSAGE),
  };
}

/** Returns the message with which an operator tests a receiver. */
export const testMessage = (controller: string, at: number): Message => ({
  id: hash(`test ${at}`),
  at,
  controller,
  title: `jeballto-runner ${controller}: This is a test. Notifications of this daemon arrive here.`,
  notices: [],
  more: 0,
});

const rank = ({ change, mood }: Notice) => (change === 'over' ? 2 : mood === 'bad' ? 0 : 1);

const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);
