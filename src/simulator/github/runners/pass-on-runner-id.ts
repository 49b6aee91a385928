import type { Assignments } from '../jobs/assignment.ts';
import { removeRunner } from './removal.ts';
import { addRunner, type Runner } from './runners.ts';

/**
 * What restoring an Enterprise Server from its backup does: a runner that was registered after the backup is gone, and
 * its id goes to the next runner that somebody registers there. That one is offline, and its labels are nobody's.
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
