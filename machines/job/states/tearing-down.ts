import { withFailure } from '../../effect-ends.ts';
import { invokeWait } from '../../waits.ts';
import { type JobContext, runnerRefOf, vmOf } from '../context.ts';
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
 * Reached from every state and always finishing (law 9): VM and runner go side by side, each retried with
 * capped pauses until the world is clean. Afterwards the job is tried again, reported failed, or done.
 */
export function tearingDown(s: JobSetup) {
  return s.createStateConfig({
    type: 'parallel',
    description: 'VM and runner are removed side by side, tried again until both are gone.',
    tags: ['tearingDown'],
    entry: 'beginTeardown',
    on: {
      'job.started': { actions: 'markStarted' },
      'job.completed': { actions: 'markCompleted' },
      'job.takenElsewhere': { actions: 'markTaken' },
      'job.exchanged': { actions: 'takeJob' },
      'job.released': { actions: 'release' },
      'operator.cancelled': { actions: 'cancelAttempt' },
    },
    onDone: [
      { guard: 'may the job be tried again', target: to('queued'), actions: 'beginNextAttempt' },
      { guard: 'is the job unserved', target: to('failed') },
      { target: to('done') },
    ],
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
            onError: { target: 'waiting', actions: withFailure('noteRunnerRemovalFailure') },
          },
        }),
        'runnerRemoval',
      ),
    },
  });
}
