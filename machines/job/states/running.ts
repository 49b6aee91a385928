import { withFailure, withOutput } from '../../effect-ends.ts';
import { sentences } from '../../sentences.ts';
import { invokeWait } from '../../waits.ts';
import { guestOf, type JobContext, runnerOf, vmOf } from '../context.ts';
import { END_UNSEEN } from '../job-end.ts';
import type { JobMachineOptions } from '../policy.ts';
import { begin, type JobSetup } from '../vocabulary/setup.ts';
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

/** A watch that fails says nothing about the runner: it is started again, and the VM stays. */
const waitingToWatch = (s: JobSetup) => pausing(s, 'watching');

const vmLost = (message: string) =>
  ({
    target: to('tearingDown'),
    actions: { type: 'failAttempt', params: { code: 'VM_VANISHED', message } },
  }) as const;
const LOST_IDLE = vmLost('The VM disappeared from its host before its runner had a job.');
const LOST_BUSY = vmLost(
  'The VM disappeared while the job ran in it. GitHub fails the job within minutes: run it again there.',
);
const OUT_OF_LIFETIME = {
  target: to('tearingDown'),
  actions: {
    type: 'failAttempt',
    params: {
      code: 'LIFETIME_EXCEEDED',
      message:
        "The VM's lifetime ended while the job ran in it, and the agent powered it off. For longer jobs, raise lifetime_seconds of the label.",
    },
  },
} as const;
/**
 * While the daemon slept or could not reach the host, the job may have ended before its VM or with it. A success stays
 * one.
 */
const GONE_FINISHING = {
  target: to('tearingDown'),
  actions: [{ type: 'loseAttempt', params: END_UNSEEN }, 'weighFailure'],
} as const;

const WATCH_FAILS = "A watch that fails is started again after a pause, which an operator's retry ends.";

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
    description: sentences(
      'Entered when the runner is online and no job was seen on it.',
      'The daemon watches the runner: if it takes a job, this leads to `busy`; if its process ends, to `verifying`; if its VM is gone, to `tearingDown`.',
      WATCH_FAILS,
      'A job that ended on the runner leads to `finishing`; the deadline, a lost or drained host, and a job that ended elsewhere, is taken by another runner, cancelled or no longer servable lead to `retiring`.',
      'A queued job of the same profile can come by exchange; any other exchange for a job that is not on this runner leads to `retiring`.',
    ),
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
    description: sentences(
      'Entered when a job runs on the runner: this job or another one.',
      'The daemon watches the runner until its process ends: this leads to `tearingDown` if the job is known to be over, and to `verifying` otherwise.',
      WATCH_FAILS,
      'If the VM vanishes, this leads to `tearingDown`, and a job that was not over is lost.',
      'If GitHub has this job queued at two looks with a minimum time between them, the runner has another job, and this leads to `releasing`.',
    ),
    tags: ['mayBeBusy', 'atWork'],
    entry: ['forgetFailure', 'forgetTries'],
    on: {
      // The runners of an organization get the jobs of its other repositories, too.
      'job.stillQueued': [
        { guard: 'does the guest work for another job', target: '.releasing' },
        { guard: 'is our job still queued', actions: 'noteOtherJob' },
      ],
      // A repeated message must not interrupt the watch.
      'job.started': [{ guard: 'is the start news', actions: 'markStarted' }, {}],
      'vm.vanished': [
        { guard: 'is the job over', ...GONE_FINISHING },
        { guard: 'does its lifetime end now', ...OUT_OF_LIFETIME },
        LOST_BUSY,
      ],
    },
    states: {
      watching: {
        invoke: {
          id: 'watchRunner',
          src: 'watchRunner',
          input: ({ context }) => watchInput(context, 'exit'),
          onDone: [
            { guard: withOutput('is the watched VM gone after the job'), ...GONE_FINISHING },
            { guard: withOutput('has the watched VM reached its lifetime'), ...OUT_OF_LIFETIME },
            { guard: withOutput('is the watched VM gone'), ...LOST_BUSY },
            { guard: withOutput('did the runner take a job'), target: 'watching', reenter: true },
            {
              guard: 'is the job over',
              target: to('tearingDown'),
              actions: withOutput('noteLoss'),
            },
            {
              target: to('running.verifying'),
              actions: [withOutput('noteRunnerEnd'), begin('finishing')],
            },
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
    description: sentences(
      'Entered when the job ended on this runner, which may still upload logs.',
      'The daemon watches the runner: the end of its process and a vanished VM lead to `tearingDown`.',
      WATCH_FAILS,
      'The deadline leads to `verifying`, so that GitHub is asked before a runner that goes on is removed.',
      'A further message that the job started or completed is ignored.',
    ),
    tags: ['mayBeBusy'],
    entry: 'forgetFailure',
    on: {
      // A late or repeated message neither makes the job active again nor gives its end more time.
      'job.started': {},
      'job.completed': {},
      'vm.vanished': GONE_FINISHING,
    },
    // Only a delivery says that the job is over, so GitHub is asked before a runner that goes on is torn down.
    invoke: phaseDeadline({
      target: to('running.verifying'),
      actions: ['noteUnseenEnd', begin('finishing')],
    }),
    states: {
      watching: {
        invoke: {
          id: 'watchRunner',
          src: 'watchRunner',
          input: ({ context }) => watchInput(context, 'exit'),
          onDone: [
            { guard: withOutput('did the runner take a job'), target: 'watching', reenter: true },
            { guard: withOutput('is the watched VM gone'), ...GONE_FINISHING },
            {
              guard: withOutput('did the runner end its job otherwise'),
              target: to('tearingDown'),
              actions: {
                type: 'loseAttempt',
                params: {
                  code: 'RUNNER_LOST_CONTACT',
                  message:
                    'GitHub failed the job, although it ended with another result on its runner: GitHub had lost contact with the runner.',
                },
              },
            },
            { target: to('tearingDown'), actions: withOutput('noteLoss') },
          ],
          onError: { target: 'waiting', actions: withFailure('noteFailure') },
        },
      },
      waiting: waitingToWatch(s),
    },
  });
}

/** A runner of ours is online; observations and the guest say which job it serves (law 4). */
export function running(s: JobSetup, { policy }: JobMachineOptions) {
  const expired = [
    { guard: 'is the job given up', target: to('running.retiring'), actions: 'endLifetime' },
    // A daemon that slept sees the end of the lifetime long after the job's own end.
    { guard: 'is the job over', target: to('running.retiring'), actions: 'endLifetime' },
    {
      target: to('running.retiring'),
      actions: [
        'endLifetime',
        {
          type: 'loseAttempt',
          params: {
            code: 'LIFETIME_EXCEEDED',
            message: 'The VM is older than its lifetime_seconds, and the agent did not power it off.',
          },
        },
      ],
    },
  ] as const;

  return s.createStateConfig({
    initial: 'idle',
    description: sentences(
      'Entered when the runner is online, when a job was seen on it, and when the runner is to be retired.',
      'Unless a state in here says otherwise, a job that starts on this runner leads to `busy` and one that ends on it to `finishing`, also when it comes by exchange; other news of the job is only noted.',
      'A vanished VM leads to `tearingDown`.',
      'If the agent does not power the VM off at the end of its lifetime, the daemon waits for a margin, and this leads to `retiring`.',
      'An operator can cancel the job only in `idle` and `retiring`, and a lost or drained host changes only `idle`, because a running job is never stopped.',
    ),
    tags: ['holdsSlot', 'provisioned'],
    on: {
      // A delivery may be late by hours: what it says began is over.
      'job.started': [{ guard: 'is the job over' }, { target: '.busy', actions: 'markStarted' }],
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
