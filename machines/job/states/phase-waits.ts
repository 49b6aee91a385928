import { invokeDeadline, invokeWait } from '../../waits.ts';
import type { JobContext } from '../context.ts';
import type { JobSetup, StateConfig } from '../vocabulary/setup.ts';

/** The deadline of the phase, and where it leads. */
export const phaseDeadline = <const Over>(over: Over) =>
  invokeDeadline(
    'phaseDeadline',
    ({ phase }: JobContext) => ({ from: phase.enteredAt, to: phase.deadlineAt }),
    over,
  );

/** The pause before the phase's effect is tried again. */
export const retryWait = <const Over>(over: Over) =>
  invokeWait('retryWait', ({ phase }: JobContext) => phase.nextTryAt, over);

/** Returns the pause as a state, which an operator's retry ends. */
export function pausing(s: JobSetup, next: 'acting' | 'watching', ...tags: 'needsAttention'[]) {
  return s.createStateConfig({
    tags: ['waiting', ...tags],
    on: { 'operator.retried': next },
    invoke: retryWait(next),
  });
}

/** Returns an effect that is tried again until it succeeds, without its own deadline: acting ⇄ waiting. */
export function retried(s: JobSetup, description: string, acting: StateConfig, ...tags: 'needsAttention'[]) {
  return s.createStateConfig({
    initial: 'acting',
    description,
    states: { acting, waiting: pausing(s, 'acting', ...tags) },
  });
}
