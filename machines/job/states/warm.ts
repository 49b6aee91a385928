import { begin, type JobSetup } from '../setup.ts';
import { to } from './goals.ts';
import { beforeTheRunner } from './outside-facts.ts';
import { phaseDeadline } from './phase-waits.ts';

const [takesOver, ...otherExchanges] = beforeTheRunner['job.exchanged'];

/**
 * A VM that is ready before its job is queued. No runner is registered in it, so GitHub can give it nothing, and it
 * may go at any moment: for a job of another profile, or for its age.
 */
export function warm(s: JobSetup) {
  return s.createStateConfig({
    description: 'The VM is booted and probed, without a runner, and stands by for a job.',
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
