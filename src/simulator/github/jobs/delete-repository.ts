import type { Repository } from '../repositories.ts';
import { removeRunner } from '../runners/removal.ts';
import { withdraw } from './assignment.ts';
import { abandon, type Leases } from './job-lease.ts';
import { currentJobs } from './runs.ts';

/**
 * Deletes a repository with its webhooks and runners and ends its jobs, without any notice: every address
 * below it returns 404 from now on, and its owner remains.
 */
export function deleteRepository(world: Leases, repository: Repository): void {
  world.repositories.delete(repository.fullName.toLowerCase());
  for (const [name, owner] of world.formerNames) if (owner === repository) world.formerNames.delete(name);
  for (const [id, { target }] of world.hooks) {
    if (target.kind === 'repository' && target.repository === repository) world.hooks.delete(id);
  }
  for (const runner of [...world.runners.values()]) {
    if (runner.scope.kind === 'repository' && runner.scope.repository === repository) {
      removeRunner(world, runner);
    }
  }
  const jobs = [...world.runs.values()].filter((run) => run.repository === repository).flatMap(currentJobs);
  for (const job of jobs.filter(({ state }) => state.status !== 'completed')) {
    const lease = [...world.leases.values()].find((one) => one.job === job);
    if (lease) abandon(world, lease, 'cancelled');
    else withdraw(world, job);
  }
}
