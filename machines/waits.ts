import { fromPromise } from 'xstate';

/** The actor by which every machine waits; `machine.provide` gives it a clock. `at`: epoch ms. */
export const waitUntil = fromPromise<null, { at: number }>(async () => {
  throw new Error('the actor waitUntil is given by machine.provide');
});

/**
 * An invoke that lasts until an instant (epoch ms) of the context. XState's own timers are lost in a restart. A wait
 * that fails leads where its end leads, or a broken clock would keep the actor in its state for ever.
 */
export function invokeWait<Context, const Id extends string, const Over>(
  id: Id,
  instant: (context: Context) => number,
  over: Over,
) {
  return {
    id,
    src: 'waitUntil',
    input: ({ context }: { context: Context }) => ({ at: instant(context) }),
    onDone: over,
    onError: over,
  } as const;
}
