import { withFailure, withOutput } from '../../effect-ends.ts';
import { sentences } from '../../sentences.ts';
import { jobRefOf } from '../context.ts';
import { begin, type JobSetup } from '../vocabulary/setup.ts';
import { to } from './goals.ts';
import { pausing, phaseDeadline } from './phase-waits.ts';

/**
 * The runner process has ended and no observation says what became of our job (a webhook was lost, or the runner
 * served a job that we do not know); or an observation says that the job is over, and its runner goes on. The deadline
 * exists so that the slot becomes free even while GitHub cannot be asked.
 */
export function verifying(s: JobSetup) {
  return s.createStateConfig({
    initial: 'acting',
    description: sentences(
      'Entered when the runner process ended before the job was known to be over, or when the runner goes on after its job.',
      'GitHub is asked for the job: if it is queued, the attempt is decided, and every answer leads to `tearingDown`; but if a job that was said to be over is still in progress, this leads to `busy`.',
      "A failed question is repeated after a pause, which an operator's retry ends.",
      'The deadline and the message that the job is completed lead to `tearingDown`; the message that it started is only noted.',
      'An exchange for a job that runs here asks again with a new deadline; any other exchange leads to `tearingDown`.',
    ),
    on: {
      'job.started': { actions: 'markStarted' },
      'job.completed': [
        // A second message that the job is over changes nothing: GitHub is already being asked.
        { guard: 'is the job over' },
        { target: to('tearingDown'), actions: ['markCompleted', 'weighFailure'] },
      ],
      'job.exchanged': [
        {
          guard: 'did the exchanged job end here',
          target: to('tearingDown'),
          actions: 'takeJob',
        },
        {
          guard: 'does the exchanged job run here',
          target: to('running.verifying'),
          reenter: true,
          actions: ['takeJob', begin('finishing')],
        },
        { target: to('tearingDown'), actions: 'takeJob' },
      ],
    },
    invoke: phaseDeadline(to('tearingDown')),
    states: {
      acting: {
        invoke: {
          id: 'recheckJob',
          src: 'recheckJob',
          input: ({ context }) => jobRefOf(context),
          onDone: [
            {
              guard: withOutput('does GitHub have the job queued'),
              target: to('tearingDown.job.decided'),
            },
            { target: to('tearingDown'), actions: withOutput('noteJob') },
          ],
          onError: [
            { guard: withFailure('does GitHub deny that the job is over'), target: to('running.busy') },
            { target: 'waiting', actions: withFailure('noteFailure') },
          ],
        },
      },
      waiting: pausing(s, 'acting'),
    },
  });
}
