import type { DoneActorEvent, ErrorActorEvent } from 'xstate';
import { failureOf } from './failure.ts';

/** A guard or an action on the end of an effect; its parameter is what the effect returned. */
export const withOutput = <const Type extends string>(type: Type) => ({
  type,
  params: <Output>({ event }: { event: DoneActorEvent<Output> }) => event.output,
});

/** A guard or an action on the rejection of an effect; its parameter is the failure. */
export const withFailure = <const Type extends string>(type: Type) => ({
  type,
  params: ({ event }: { event: ErrorActorEvent }) => failureOf(event.error),
});
