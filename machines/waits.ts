import { fromPromise } from 'xstate';

/** What to wait for. */
export interface Wait {
  /** Epoch ms. */
  at: number;
  /**
   * Milliseconds for a fresh look where `at` passed while the daemon slept, was stopped or was down. Above 0 for a
   * deadline, after which something is judged (law 13).
   */
  looksFor: number;
}

/** The actor for every wait of a machine; `machine.provide` gives it a clock. */
export const waitUntil = fromPromise<null, Wait>(async () => {
  throw new Error('the actor waitUntil is given by machine.provide');
});

/**
 * Returns an invoke that ends at an instant (epoch ms) of the context. XState's own timers are lost in a restart. A
 * wait that fails leads to the same state as its end; else a broken clock would keep the actor in its state forever.
 */
export function invokeWait<Context, const Id extends string, const Over>(
  id: Id,
  instant: (context: Context) => number,
  over: Over,
) {
  return invoked(id, (context: Context) => ({ at: instant(context), looksFor: 0 }), over);
}

/** Milliseconds, long enough to ask a booting guest, a connecting runner or a host several times. */
const LONGEST_LOOK = 60_000;

/**
 * Returns the same for a deadline, after which something is judged. The fresh look is never longer than the deadline
 * itself.
 */
export function invokeDeadline<Context, const Id extends string, const Over>(
  id: Id,
  span: (context: Context) => { from: number; to: number },
  over: Over,
) {
  const wait = (context: Context) => {
    const { from, to } = span(context);
    return { at: to, looksFor: Math.min(LONGEST_LOOK, Math.max(0, to - from)) };
  };
  return invoked(id, wait, over);
}

function invoked<Context, const Id extends string, const Over>(
  id: Id,
  wait: (context: Context) => Wait,
  over: Over,
) {
  return {
    id,
    src: 'waitUntil',
    input: ({ context }: { context: Context }) => wait(context),
    onDone: over,
    onError: over,
  } as const;
}
