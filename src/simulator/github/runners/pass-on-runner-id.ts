import type { Assignments } from '../jobs/assignment.ts';
import { removeRunner } from './removal.ts';
import { addRunner, type Runner } from './runners.ts';

/**
 * Simulates an Enterprise Server that is restored from its backup: a runner that was registered after the
 * backup is gone, and the next runner that is registered gets its id. That runner is offline, and no job asks
 * for its labels.
 */
export function passOnRunnerId(world: Assignments, runner: Runner, heirName: string): Runner {
  removeRunner(world, runner);
  const made = addRunner(world, {
    scope: runner.scope,
    name: heirName,
    groupId: 1,
    labels: [{ id: world.ids.next('label'), name: 'somebody-elses', type: 'custom' }],
    ephemeral: false,
    isJit: false,
    workFolder: '_work',
  });
  world.runners.delete(made.id);
  const heir = { ...made, id: runner.id };
  world.runners.set(heir.id, heir);
  return heir;
}
