import { withFailure, withOutput } from '../../effect-ends.ts';
import { invokeWait } from '../../waits.ts';
import { type JobContext, jobRefOf, runnerRefOf, vmOf } from '../context.ts';
import type { JobSetup, StateConfig } from '../setup.ts';
import { to } from './goals.ts';

function part(
  s: JobSetup,
  description: string,
  isNothingThere: 'is there no VM' | 'is there no runner',
  acting: StateConfig,
  nextTryAt: 'phase' | 'runnerRemoval',
) {
  // A VM that is gone has freed its slot, however long GitHub takes to forget the runner.
  const tags = nextTryAt === 'phase' ? (['holdsSlot'] as const) : [];
  return s.createStateConfig({
    initial: 'looking',
    description,
    states: {
      looking: {
        tags,
        always: [{ guard: isNothingThere, target: 'gone' }, { target: 'acting' }],
      },
      acting: { ...acting, tags },
      waiting: {
        tags: ['waiting', 'needsAttention', ...tags],
        on: { 'operator.retried': 'acting' },
        invoke: invokeWait(
          nextTryAt === 'phase' ? 'vmRetryWait' : 'runnerRetryWait',
          (context: JobContext) => context[nextTryAt].nextTryAt,
          'acting',
        ),
      },
      gone: { type: 'final' },
    },
  });
}

/**
 * What is left to learn of the job: nothing where it needs no further VM or no runner was launched for it. Else GitHub
 * is asked, and while it has the job queued, the job goes on in an actor of its own (law 12).
 */
function jobPart(s: JobSetup) {
  const overAlready = { guard: 'needs the job no further VM', target: 'gone' } as const;
  return s.createStateConfig({
    initial: 'looking',
    description: 'GitHub is asked whether the job still waits, unless that is known.',
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
            { target: 'gone', actions: [withOutput('noteJob'), 'forgetFailure'] },
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
        description: 'The attempt is decided: the job goes on in an actor of its own.',
        tags: ['decided'],
      },
      gone: { type: 'final' },
    },
  });
}

/**
 * Reached from every state and always finishing (law 9): VM and runner go side by side, each retried with
 * capped pauses until the world is clean. A job that still waits is not kept here: it goes on in an actor of its own as
 * soon as the attempt is decided, whatever the rest of the teardown meets.
 */
export function tearingDown(s: JobSetup) {
  return s.createStateConfig({
    type: 'parallel',
    description:
      'VM and runner are removed side by side, tried again until both are gone; the job is released as soon as it may be.',
    tags: ['tearingDown', 'leaving'],
    entry: 'beginTeardown',
    on: {
      'job.started': { actions: 'markStarted' },
      'job.completed': { actions: 'markCompleted' },
      'job.takenElsewhere': { actions: 'markTaken' },
      'job.exchanged': { actions: 'takeJob' },
      'job.unservable': { actions: 'abandon' },
      'operator.cancelled': { actions: 'cancelAttempt' },
    },
    onDone: [{ guard: 'is the job given up', target: to('failed') }, { target: to('done') }],
    states: {
      vm: part(
        s,
        'The VM is deleted by its id, or by its name where no id is known.',
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
        'The runner is removed from GitHub.',
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
