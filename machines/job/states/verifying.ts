import { withFailure, withOutput } from '../../effect-ends.ts';
import { jobRefOf } from '../context.ts';
import { begin, type JobSetup } from '../setup.ts';
import { to } from './goals.ts';
import { pausing, phaseDeadline } from './phase-waits.ts';

/**
 * The runner process has ended but no observation says what became of our job (a lost webhook, or the runner
 * served a job that we do not know); or the job was said to be over, and its runner goes on. A deadline ends the
 * asking, so that a slot is not held for as long as GitHub cannot be asked.
 */
export function verifying(s: JobSetup) {
  return s.createStateConfig({
    initial: 'acting',
    description:
      'The runner process has ended, or goes on after its job: GitHub is asked what became of the job.',
    on: {
      'job.started': { actions: ['markStarted', 'forgetFailure'] },
      'job.completed': [
        // A second message that the job is over changes nothing: GitHub is being asked about it already.
        { guard: 'is the job over' },
        { target: to('tearingDown'), actions: ['markCompleted', 'forgetFailure'] },
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
            { target: to('tearingDown'), actions: [withOutput('noteJob'), 'forgetFailure'] },
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
