import { withFailure } from '../../effect-ends.ts';
import { sentences } from '../../sentences.ts';
import { invokeWait } from '../../waits.ts';
import type { JobContext } from '../context.ts';
import type { JobPolicy } from '../policy.ts';
import type { JobSetup, StateConfig } from '../vocabulary/setup.ts';
import { to } from './goals.ts';
import { BEFORE_THE_RUNNER, beforeTheRunner } from './outside-facts.ts';
import { pausing, phaseDeadline, retryWait } from './phase-waits.ts';

/** Where a failed effect of a provisioning state leads. */
export const onEffectError = [
  { guard: withFailure('may the effect be retried'), target: 'waiting', actions: withFailure('noteFailure') },
  { guard: withFailure('is the effect blocked'), target: 'blocked', actions: withFailure('noteFailure') },
  { target: to('tearingDown'), actions: withFailure('giveUpAttempt') },
] as const;

const RETRIES =
  "A failed try is repeated after a pause, which an operator's retry ends; the deadline and a failure that a retry cannot fix lead to `tearingDown`.";
const EXCHANGES =
  'A queued job of the same profile can take over the VM by exchange; any other exchange leads to `tearingDown`, and so does an order to free the slot of a VM without a job.';

const BLOCKED = sentences(
  'Entered when something stops the work that is not a failure of the attempt, for example a full host or a rate limit.',
  'The deadline does not run here.',
  "After a pause, which an operator's retry ends, the work is tried again and has the whole time of its state.",
);
const HOST_FULL =
  'If another host has room for the VM, this leads to `tearingDown`, and the job goes on there.';

/**
 * Returns the shape of all provisioning states: acting ⇄ waiting within the deadline of the phase, and `blocked`
 * without a deadline while something that is nobody's failure stops the work (a full host, a rate limit).
 */
export function provisioningState(
  s: JobSetup,
  phase: { timeout: keyof JobPolicy['timeouts']; doing: string; description: string },
  acting: StateConfig,
) {
  const outOfTime = {
    target: to('tearingDown'),
    actions: { type: 'giveUpOnTime', params: { doing: phase.doing } },
  } as const;
  const deadline = phaseDeadline(outOfTime);
  const unblocked = {
    target: 'acting',
    actions: { type: 'resumePhase', params: { timeout: phase.timeout } },
  } as const;

  const moveOn = {
    target: to('tearingDown'),
    actions: {
      type: 'loseAttempt',
      params: {
        code: 'HOST_FULL',
        message: 'The host has no room for the VM and another one has, so the job goes on there.',
      },
    },
  } as const;

  return s.createStateConfig({
    initial: 'acting',
    description: sentences(phase.description, RETRIES, BEFORE_THE_RUNNER, EXCHANGES),
    tags: ['holdsSlot', 'takesAnyJob'],
    on: beforeTheRunner,
    states: {
      acting: { ...acting, invoke: [deadline, acting.invoke].flat() as StateConfig['invoke'] },
      waiting: { ...pausing(s, 'acting'), invoke: [deadline, retryWait('acting')] },
      // A deadline that ends here would leave its ended child in the record, and such a record cannot be restored.
      blocked: {
        description: phase.timeout === 'starting' ? sentences(BLOCKED, HOST_FULL) : BLOCKED,
        tags: ['waiting', 'needsAttention', ...(phase.timeout === 'starting' ? (['hostFull'] as const) : [])],
        on: {
          'operator.retried': unblocked,
          ...(phase.timeout === 'starting' && { 'host.full': moveOn }),
        },
        invoke: invokeWait('blockedWait', ({ phase }: JobContext) => phase.nextTryAt, unblocked),
      },
    },
  });
}
