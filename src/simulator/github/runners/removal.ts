import { type Assignments, enqueue, unassign } from '../jobs/assignment.ts';
import { isRegistered, type Runner } from './runners.ts';

/**
 * Takes a runner off the list. Its session ends; a job that was only assigned to it is queued again, a job
 * that it has taken goes on.
 */
export function removeRunner(world: Assignments, runner: Runner): void {
  if (!isRegistered(world, runner)) return;
  world.runners.delete(runner.id);
  const now = world.clock.now();
  runner.shown.record(now, null);
  runner.cleanup?.cancel();
  const { listLag } = world.options.timings;
  if (listLag > 0) {
    world.departed.add(runner);
    world.alarms.set(now + listLag, () => world.departed.delete(runner));
  }
  const { job } = runner;
  if (job && world.assignments.has(job.id)) {
    unassign(world, job);
    enqueue(world, job);
  }
  world.sessions.get(runner.id)?.close('removed');
}

/** Schedules the removal of a runner that nothing uses, after GitHub's time for runners of its kind. */
export function scheduleCleanup(world: Assignments, runner: Runner): void {
  runner.cleanup?.cancel();
  runner.cleanup = null;
  const { ephemeralOffline, offlineLife, idleJitLife } = world.options.timings;
  const offline = runner.ephemeral ? ephemeralOffline : offlineLife;
  const life = !world.sessions.has(runner.id) ? offline : runner.isJit ? idleJitLife : null;
  if (life === null || !isRegistered(world, runner)) return;
  runner.cleanup = world.alarms.set(world.clock.now() + life, () => {
    if (runner.job === null) removeRunner(world, runner);
    else scheduleCleanup(world, runner);
  });
}
