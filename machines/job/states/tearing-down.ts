import { withFailure, withOutput } from '../../effect-ends.ts';
import { sentences } from '../../sentences.ts';
import { invokeWait } from '../../waits.ts';
import { type JobContext, jobRefOf, runnerRefOf, vmOf } from '../context.ts';
import type { JobSetup, StateConfig } from '../vocabulary/setup.ts';
import { to } from './goals.ts';
import { holding } from './holding.ts';

function part(
  s: JobSetup,
  description: string,
  isNothingThere: 'is there no VM' | 'is there no runner',
  acting: StateConfig,
  nextTryAt: 'phase' | 'runnerRemoval',
) {
  const isVm = nextTryAt === 'phase';
  // A VM that is gone has freed its slot, even while GitHub still lists the runner.
  const tags = isVm ? (['holdsSlot'] as const) : [];
  return s.createStateConfig({
    initial: 'looking',
    description,
    states: {
      looking: {
        tags,
        always: [
          { guard: isNothingThere, target: 'gone' },
          ...(isVm ? [{ guard: 'is the VM to be held', target: 'askingToHold' } as const] : []),
          { target: 'acting' },
        ],
      },
      ...(isVm && holding(s)),
      acting: { ...acting, tags },
      waiting: {
        tags: ['waiting', 'needsAttention', ...tags],
        on: { 'operator.retried': 'acting' },
        invoke: invokeWait(
          isVm ? 'vmRetryWait' : 'runnerRetryWait',
          (context: JobContext) => context[nextTryAt].nextTryAt,
          'acting',
        ),
      },
      gone: { type: 'final', tags: isVm ? [] : ['runnerGone'] },
    },
  });
}

/**
 * Finds out whether the job still waits. GitHub is not asked where the job needs no further VM or no runner was
 * launched for it. A job that GitHub has queued goes on in an actor of its own (law 12).
 */
function jobPart(s: JobSetup) {
  const overAlready = { guard: 'needs the job no further VM', target: 'gone' } as const;
  return s.createStateConfig({
    initial: 'looking',
    description: sentences(
      'Entered when the teardown begins.',
      'GitHub is asked whether the job is still queued, unless it needs no further VM or no runner was configured for it.',
      'A job that is still queued leads to `decided`; any other answer, and a repository that is gone, end this part.',
      "A failed question is repeated after a pause, which an operator's retry ends.",
      'This part also ends when the job moves to an actor of its own, or when an event shows that it needs no further VM.',
    ),
    on: { 'job.released': { target: '.gone', actions: 'leaveJob' } },
    states: {
      looking: {
        always: [
          overAlready,
          { guard: 'does the job wait, for all we know', target: 'decided' },
          { target: 'acting' },
        ],
      },
      acting: {
        always: overAlready,
        invoke: {
          id: 'recheckJob',
          src: 'recheckJob',
          input: ({ context }) => jobRefOf(context),
          onDone: [
            { guard: withOutput('does GitHub have the job queued'), target: 'decided' },
            { target: 'gone', actions: withOutput('noteJob') },
          ],
          onError: [
            {
              guard: withFailure('is the repository gone'),
              target: 'gone',
              actions: withFailure('abandonFor'),
            },
            { target: 'waiting', actions: withFailure('noteJobCheckFailure') },
          ],
        },
      },
      waiting: {
        tags: ['waiting', 'needsAttention'],
        always: overAlready,
        on: { 'operator.retried': 'acting' },
        invoke: invokeWait('jobRetryWait', ({ jobCheck }: JobContext) => jobCheck.nextTryAt, 'acting'),
      },
      decided: {
        description: sentences(
          'Entered when the attempt is decided and the job is still queued.',
          'The dispatcher moves the job to an actor of its own, which ends this part.',
        ),
        tags: ['decided'],
      },
      gone: { type: 'final' },
    },
  });
}

/**
 * Reached from every state that has a VM, and always finishes (law 9): VM and runner are removed at the same time, each
 * tried again after pauses up to a limit until nothing is left. A job that still waits is not kept here: it goes on in
 * an actor of its own as soon as the attempt is decided, even while the removal fails.
 */
export function tearingDown(s: JobSetup) {
  return s.createStateConfig({
    type: 'parallel',
    description: sentences(
      'Entered when the attempt or the work of the VM is over.',
      'Three parts run at the same time: the VM is deleted, the runner is removed from GitHub, and GitHub is asked whether the job still waits.',
      "There is no deadline: each part tries again after a pause, which an operator's retry ends.",
      "News of the job, an exchange and an operator's cancel are only noted; a lost or drained host changes nothing.",
      'The end of all parts leads to `failed` if the job is given up, and to `done` otherwise.',
    ),
    tags: ['tearingDown', 'leaving'],
    entry: 'beginTeardown',
    on: {
      'job.started': { actions: 'markStarted' },
      'job.completed': { actions: ['markCompleted', 'weighLoss'] },
      'job.takenElsewhere': { actions: 'markTaken' },
      'job.exchanged': { actions: 'takeJob' },
      'job.unservable': { actions: 'abandon' },
      'operator.cancelled': { actions: 'cancelAttempt' },
      // Too late for this VM, unless it is held.
      'operator.held': {},
    },
    onDone: [{ guard: 'is the job given up', target: to('failed') }, { target: to('done') }],
    states: {
      vm: part(
        s,
        sentences(
          'Entered when the teardown begins. Without a VM this part ends at once.',
          'If the attempt or the job failed in the VM, and its label or an operator wants to hold it, it is held before it is deleted.',
          'The VM is deleted by its id, or by its name if its id is not known. When it is gone, this part ends and the slot is free.',
          "A failed deletion is repeated after a pause, which an operator's retry ends.",
        ),
        'is there no VM',
        s.createStateConfig({
          invoke: {
            id: 'deleteVm',
            src: 'deleteVm',
            input: ({ context }) => {
              const { host, name, id } = vmOf(context);
              return { host, vmName: name, vmId: id };
            },
            onDone: 'gone',
            onError: { target: 'waiting', actions: withFailure('noteVmDeletionFailure') },
          },
        }),
        'phase',
      ),
      runner: part(
        s,
        sentences(
          'Entered when the teardown begins. Without a runner this part ends at once.',
          'The runner is removed from GitHub; success ends this part.',
          "A failed removal is repeated after a pause, which an operator's retry ends; after too long a time the runner is left to the collector, which ends this part too.",
        ),
        'is there no runner',
        s.createStateConfig({
          invoke: {
            id: 'removeRunner',
            src: 'removeRunner',
            input: ({ context }) => runnerRefOf(context),
            onDone: 'gone',
            onError: [
              {
                guard: 'has its removal failed for long',
                target: 'gone',
                actions: [withFailure('noteRunnerRemovalFailure'), 'leaveRunner'],
              },
              { target: 'waiting', actions: withFailure('noteRunnerRemovalFailure') },
            ],
          },
        }),
        'runnerRemoval',
      ),
      job: jobPart(s),
    },
  });
}
