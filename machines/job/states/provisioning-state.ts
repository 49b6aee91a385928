import type { JobContext } from '../context.ts';
import type { JobPolicy } from '../policy.ts';
import type { JobSetup } from '../setup.ts';

export type StateConfig = ReturnType<JobSetup['createStateConfig']>;

/** What every rejected effect of a provisioning state leads to. */
export const onEffectError = [
  { guard: 'may the effect be retried', target: 'waiting', actions: 'noteFailure' },
  { guard: 'is the effect blocked', target: 'blocked', actions: 'noteFailure' },
  { target: '#job.tearingDown', actions: 'giveUpAttempt' },
] as const;

/** Until a runner was launched nothing can be working in the VM, so every ending leads straight to teardown. */
export const beforeTheRunner = {
  'job.completed': { target: '#job.tearingDown', actions: 'markCompleted' },
  'job.takenElsewhere': { target: '#job.tearingDown', actions: 'markTaken' },
  'job.exchanged': [
    { guard: 'does the exchanged job fit this VM', actions: 'takeJob' },
    {
      guard: 'does the exchanged job wait for a runner',
      target: '#job.tearingDown',
      actions: [
        'takeJob',
        {
          type: 'loseAttempt',
          params: {
            code: 'PROFILE_DIFFERS',
            message: 'The job that came by exchange needs a VM of another profile.',
          },
        },
      ],
    },
    { target: '#job.tearingDown', actions: 'takeJob' },
  ],
  'slot.reclaimed': [{ guard: 'is there no job', target: '#job.tearingDown' }, {}],
  'host.lost': {
    target: '#job.tearingDown',
    actions: {
      type: 'loseAttempt',
      params: {
        code: 'HOST_LOST',
        message: 'The host stayed unreachable, so the job goes on with another VM.',
      },
    },
  },
  'host.drained': {
    target: '#job.tearingDown',
    actions: {
      type: 'loseAttempt',
      params: { code: 'HOST_DRAINED', message: 'The host is being emptied, so the job goes on elsewhere.' },
    },
  },
  'operator.cancelled': { target: '#job.tearingDown', actions: 'cancelAttempt' },
  'vm.vanished': {
    target: '#job.tearingDown',
    actions: {
      type: 'failAttempt',
      params: { code: 'VM_VANISHED', message: 'The VM disappeared from its host before a runner was in it.' },
    },
  },
} as const;

/**
 * The shape that all provisioning states share: acting ⇄ waiting within the phase's deadline, and `blocked`
 * while something that is nobody's failure is in the way (a full host, a rate limit), where no deadline runs.
 */
export function provisioningState(
  s: JobSetup,
  phase: { timeout: keyof JobPolicy['timeouts']; doing: string; description: string },
  acting: StateConfig,
) {
  const outOfTime = {
    target: '#job.tearingDown',
    actions: { type: 'giveUpOnTime', params: { doing: phase.doing } },
  } as const;
  const deadline = {
    id: 'phaseDeadline',
    src: 'waitUntil',
    input: ({ context }: { context: JobContext }) => ({ at: context.phase.deadlineAt }),
    onDone: outOfTime,
    onError: outOfTime,
  } as const;
  const unblocked = {
    target: 'acting',
    actions: { type: 'resumePhase', params: { timeout: phase.timeout } },
  } as const;

  return s.createStateConfig({
    initial: 'acting',
    description: phase.description,
    tags: ['holdsSlot', 'takesAnyJob'],
    on: beforeTheRunner,
    states: {
      acting: { ...acting, invoke: [deadline, acting.invoke].flat() as StateConfig['invoke'] },
      waiting: {
        tags: ['waiting'],
        on: { 'operator.retried': 'acting' },
        invoke: [
          deadline,
          {
            id: 'retryWait',
            src: 'waitUntil',
            input: ({ context }) => ({ at: context.phase.nextTryAt }),
            onDone: 'acting',
            onError: 'acting',
          },
        ],
      },
      // A deadline that ended in here would leave its ended child in the record, which then cannot be restored.
      blocked: {
        tags: ['waiting', 'needsAttention'],
        on: { 'operator.retried': unblocked },
        invoke: {
          id: 'blockedWait',
          src: 'waitUntil',
          input: ({ context }) => ({ at: context.phase.nextTryAt }),
          onDone: unblocked,
          onError: unblocked,
        },
      },
    },
  });
}

/** The action that starts the clock of the phase which a transition leads to. */
export const begin = (timeout: keyof JobPolicy['timeouts']) => ({
  type: 'beginPhase' as const,
  params: { timeout },
});
