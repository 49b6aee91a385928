import { invokeDeadline, invokeWait } from '../../waits.ts';
import type { JobContext } from '../context.ts';
import type { JobSetup, StateConfig } from '../setup.ts';

/** Where a state leads when its phase has used up its time. */
export const phaseDeadline = <const Over>(over: Over) =>
  invokeDeadline(
    'phaseDeadline',
    ({ phase }: JobContext) => ({ from: phase.enteredAt, to: phase.deadlineAt }),
    over,
  );

/** The pause before the phase's effect is tried again. */
export const retryWait = <const Over>(over: Over) =>
  invokeWait('retryWait', ({ phase }: JobContext) => phase.nextTryAt, over);

/** The pause as a state of its own, which an operator may cut short. */
export function pausing(s: JobSetup, next: 'acting' | 'watching', ...tags: 'needsAttention'[]) {
  return s.createStateConfig({
    tags: ['waiting', ...tags],
    on: { 'operator.retried': next },
    invoke: retryWait(next),
  });
}

/** An effect that is tried until it ends, without a deadline of its own: acting ⇄ waiting. */
export function retried(s: JobSetup, description: string, acting: StateConfig, ...tags: 'needsAttention'[]) {
  return s.createStateConfig({
    initial: 'acting',
    description,
    states: { acting, waiting: pausing(s, 'acting', ...tags) },
  });
}
