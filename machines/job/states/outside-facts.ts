import { begin } from '../vocabulary/setup.ts';
import { to } from './goals.ts';

const goElsewhere = {
  type: 'loseAttempt',
  params: {
    code: 'HOST_DRAINED',
    message: 'The host is drained, so the job goes on at another host.',
  },
} as const;

const lost = {
  type: 'loseAttempt',
  params: {
    code: 'HOST_LOST',
    message: 'The host stayed unreachable, so the job goes on with another VM.',
  },
} as const;

/** What `beforeTheRunner` says, for the descriptions of its states. */
export const BEFORE_THE_RUNNER =
  'The attempt also ends in `tearingDown` if the host is lost or drained, or if the VM vanishes. So it does if the job is completed, taken by another runner, cancelled by an operator or no longer servable.';

/** Until a runner is launched, no job can run in the VM, so every way out leads straight to teardown. */
export const beforeTheRunner = {
  'job.completed': { target: to('tearingDown'), actions: 'markCompleted' },
  'job.takenElsewhere': { target: to('tearingDown'), actions: 'markTaken' },
  'job.exchanged': [
    { guard: 'does the exchanged job fit this VM', actions: 'takeJob' },
    {
      guard: 'does the exchanged job wait for a runner',
      target: to('tearingDown'),
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
    { target: to('tearingDown'), actions: 'takeJob' },
  ],
  'slot.reclaimed': [{ guard: 'is there no job', target: to('tearingDown') }, {}],
  'host.lost': { target: to('tearingDown'), actions: lost },
  'host.drained': {
    target: to('tearingDown'),
    actions: goElsewhere,
  },
  'job.unservable': { target: to('tearingDown'), actions: 'abandon' },
  'operator.cancelled': { target: to('tearingDown'), actions: 'cancelAttempt' },
  'vm.vanished': {
    target: to('tearingDown'),
    actions: {
      type: 'failAttempt',
      params: { code: 'VM_VANISHED', message: 'The VM disappeared from its host before a runner was in it.' },
    },
  },
} as const;

/**
 * GitHub may give the runner a job at any moment, so the runner is retired: a job that came first is not killed (law
 * 5).
 */
export const withTheRunner = {
  'job.completed': [
    {
      guard: 'did the job run here',
      target: to('running.finishing'),
      actions: ['markCompleted', begin('finishing')],
    },
    { target: to('running.retiring'), actions: 'markCompleted' },
  ],
  'job.takenElsewhere': { target: to('running.retiring'), actions: 'markTaken' },
  'job.exchanged': [
    { guard: 'does the exchanged job run here', target: to('running.busy'), actions: 'takeJob' },
    {
      guard: 'did the exchanged job end here',
      target: to('running.finishing'),
      actions: ['takeJob', begin('finishing')],
    },
    { guard: 'does the exchanged job fit this VM', actions: 'takeJob' },
    { target: to('running.retiring'), actions: 'takeJob' },
  ],
  'host.lost': { target: to('running.retiring'), actions: lost },
  'host.drained': {
    target: to('running.retiring'),
    actions: goElsewhere,
  },
  'job.unservable': { target: to('running.retiring'), actions: 'abandon' },
  'operator.cancelled': { target: to('running.retiring'), actions: 'cancelAttempt' },
} as const;
