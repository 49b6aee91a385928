import { sentences } from '../../sentences.ts';
import { begin, type JobSetup } from '../vocabulary/setup.ts';
import { to } from './goals.ts';
import { BEFORE_THE_RUNNER, beforeTheRunner } from './outside-facts.ts';
import { phaseDeadline } from './phase-waits.ts';

const [takesOver, ...otherExchanges] = beforeTheRunner['job.exchanged'];

/**
 * A VM that is ready before its job is queued. No runner is registered in it, so GitHub can give it no job, and it can
 * be removed at any moment: for a job of another profile, or because of its age.
 */
export function warm(s: JobSetup) {
  return s.createStateConfig({
    description: sentences(
      'Entered when a VM without a job is booted and probed.',
      'The VM waits for a job and has no runner, so GitHub cannot give it one; a queued job of the same profile comes by exchange and leads to `jitConfig`.',
      'The deadline, any other exchange and an order to free the slot lead to `tearingDown`.',
      BEFORE_THE_RUNNER,
    ),
    tags: ['holdsSlot', 'takesAnyJob', 'provisioned', 'waiting'],
    on: {
      ...beforeTheRunner,
      'job.exchanged': [
        {
          ...takesOver,
          target: to('jitConfig'),
          actions: [takesOver.actions, 'takeRunnerName', begin('jitConfig')],
        },
        ...otherExchanges,
      ],
      'slot.reclaimed': to('tearingDown'),
    },
    invoke: phaseDeadline(to('tearingDown')),
  });
}
