import { type Failure, failure } from '../../../machines/failure.ts';
import type { Job } from '../../../machines/job/context.ts';
import type { Config } from '../../config/schema.ts';
import type { Dispatcher } from '../../dispatch/dispatcher.ts';
import type { JobActors } from '../../jobs/job-actors.ts';

/**
 * Ends the queued jobs whose label or repository was removed from the config since they were stored (law 11).
 */
export function abandonUnservable(actors: JobActors, dispatcher: Dispatcher, config: Config): void {
  for (const { snapshot } of [...actors.all()]) {
    const { job } = snapshot.context;
    const cause = job.status === 'queued' ? whyUnservable(job, config) : null;
    if (cause) dispatcher.abandon(job.id, cause);
  }
}

function whyUnservable({ profile, owner, repository }: Job, { labels, github }: Config): Failure | null {
  if (!(profile in labels)) {
    return failure(
      'PROFILE_UNKNOWN',
      `The config has no label "${profile}" any more, so the job is given up: add the label again, then run the job again at GitHub.`,
    );
  }
  const name = `${owner}/${repository}`;
  const { repositories } = github;
  const isServed =
    repositories.length === 0 || repositories.some((one) => one.toLowerCase() === name.toLowerCase());
  return isServed
    ? null
    : failure(
        'REPOSITORY_UNKNOWN',
        `The config does not name the repository ${name} any more, so the job is given up: add the repository again, then run the job again at GitHub.`,
      );
}
