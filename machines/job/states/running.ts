import { withFailure, withOutput } from '../../effect-ends.ts';
import { invokeWait } from '../../waits.ts';
import { guestOf, type JobContext, runnerOf, vmOf } from '../context.ts';
import type { JobMachineOptions } from '../policy.ts';
import { begin, type JobSetup } from '../setup.ts';
import { to } from './goals.ts';
import { withTheRunner } from './outside-facts.ts';
import { pausing, phaseDeadline } from './phase-waits.ts';
import { releasing, retiring } from './retiring.ts';
import { verifying } from './verifying.ts';

const watchInput = (context: JobContext, until: 'activity' | 'exit') => ({
  ...guestOf(context),
  runnerName: runnerOf(context).name,
  until,
});

/** Losing the view of a runner says nothing about the runner: look again, never kill. */
const waitingToWatch = (s: JobSetup) => pausing(s, 'watching');

const vmLost = (message: string) =>
  ({
    target: to('tearingDown'),
    actions: { type: 'failAttempt', params: { code: 'VM_VANISHED', message } },
  }) as const;
const LOST_IDLE = vmLost('The VM disappeared from its host before its runner had a job.');
const LOST_BUSY = vmLost(
  'The VM disappeared while the job ran in it. GitHub fails the job within minutes; it is not started again.',
);

function idle(s: JobSetup) {
  const unused = {
    target: to('running.retiring'),
    actions: {
      type: 'failAttempt',
      params: { code: 'RUNNER_UNUSED', message: 'The runner was online but GitHub gave it no job in time.' },
    },
  } as const;

  return s.createStateConfig({
    initial: 'watching',
    description: 'The runner is online and no job was seen on it yet.',
    tags: ['mayBeBusy'],
    on: {
      ...withTheRunner,
      'vm.vanished': LOST_IDLE,
    },
    invoke: phaseDeadline(unused),
    states: {
      watching: {
        invoke: {
          id: 'watchRunner',
          src: 'watchRunner',
          input: ({ context }) => watchInput(context, 'activity'),
          onDone: [
            { guard: withOutput('did the runner take a job'), target: to('running.busy') },
            { guard: withOutput('is the watched VM gone'), ...LOST_IDLE },
            {
              target: to('running.verifying'),
              actions: [withOutput('noteRunnerEnd'), begin('finishing')],
            },
          ],
          onError: { target: 'waiting', actions: withFailure('noteFailure') },
        },
      },
      waiting: waitingToWatch(s),
    },
  });
}

function busy(s: JobSetup) {
  return s.createStateConfig({
    initial: 'watching',
    description: 'A job is at work on the runner.',
    tags: ['mayBeBusy', 'atWork'],
    entry: ['forgetFailure', 'forgetTries'],
    on: {
      // The runners of an organization get the jobs of its other repositories, too.
      'job.stillQueued': [
        { guard: 'does the guest work for another job', target: '.releasing' },
        { guard: 'is our job still queued', actions: 'noteOtherJob' },
      ],
      // A repeated hint must not interrupt the watch.
      'job.started': [{ guard: 'is the start news', actions: 'markStarted' }, {}],
      'vm.vanished': LOST_BUSY,
    },
    states: {
      watching: {
        invoke: {
          id: 'watchRunner',
          src: 'watchRunner',
          input: ({ context }) => watchInput(context, 'exit'),
          onDone: [
            { guard: withOutput('is the watched VM gone'), ...LOST_BUSY },
            { guard: withOutput('did the runner take a job'), target: 'watching', reenter: true },
            { guard: 'is the job over', target: to('tearingDown') },
            { target: to('running.verifying'), actions: begin('finishing') },
          ],
          onError: { target: 'waiting', actions: withFailure('noteFailure') },
        },
      },
      waiting: waitingToWatch(s),
      releasing: releasing(s, 'running.busy'),
    },
  });
}

function finishing(s: JobSetup) {
  return s.createStateConfig({
    initial: 'watching',
    description: 'The job is over; its runner still uploads and says goodbye.',
    tags: ['mayBeBusy'],
    entry: 'forgetFailure',
    on: {
      // Late and repeated hints neither bring the job back nor give its end more time.
      'job.started': {},
      'job.completed': {},
      'vm.vanished': to('tearingDown'),
    },
    // A delivery alone says that the job is over, so GitHub is asked before a runner that goes on is torn down.
    invoke: phaseDeadline({ target: to('running.verifying'), actions: begin('finishing') }),
    states: {
      watching: {
        invoke: {
          id: 'watchRunner',
          src: 'watchRunner',
          input: ({ context }) => watchInput(context, 'exit'),
          onDone: [
            { guard: withOutput('did the runner take a job'), target: 'watching', reenter: true },
            { target: to('tearingDown') },
          ],
          onError: { target: 'waiting', actions: withFailure('noteFailure') },
        },
      },
      waiting: waitingToWatch(s),
    },
  });
}

/** A runner of ours is online; which job it serves is for observations and the guest to say (law 4). */
export function running(s: JobSetup, { policy }: JobMachineOptions) {
  const expired = [
    { guard: 'is the job given up', target: to('running.retiring'), actions: 'endLifetime' },
    {
      target: to('running.retiring'),
      actions: [
        'endLifetime',
        {
          type: 'loseAttempt',
          params: {
            code: 'LIFETIME_EXCEEDED',
            message: 'The VM outlived its lifetime_seconds and the agent did not power it off.',
          },
        },
      ],
    },
  ] as const;

  return s.createStateConfig({
    initial: 'idle',
    description: 'The runner is online: without a job yet, at work, finishing, or being retired.',
    tags: ['holdsSlot', 'provisioned'],
    on: {
      'job.started': { target: '.busy', actions: 'markStarted' },
      'job.completed': [
        {
          guard: 'did the job run here',
          target: '.finishing',
          actions: ['markCompleted', begin('finishing')],
        },
        { actions: 'markCompleted' },
      ],
      'job.takenElsewhere': { actions: 'markTaken' },
      'job.exchanged': [
        { guard: 'does the exchanged job run here', target: '.busy', actions: 'takeJob' },
        {
          guard: 'did the exchanged job end here',
          target: '.finishing',
          actions: ['takeJob', begin('finishing')],
        },
        { actions: 'takeJob' },
      ],
      'vm.vanished': to('tearingDown'),
    },
    invoke: invokeWait(
      'lifetime',
      (context: JobContext) =>
        (vmOf(context).expiresAt ?? Number.MAX_SAFE_INTEGER / 2) + policy.timeouts.expiryMargin,
      expired,
    ),
    states: {
      idle: idle(s),
      busy: busy(s),
      finishing: finishing(s),
      verifying: verifying(s),
      retiring: retiring(s),
    },
  });
}
