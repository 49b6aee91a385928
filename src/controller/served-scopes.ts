import type { RunnerScope } from '../../machines/job/context.ts';
import type { Config } from '../config/schema.ts';

/** The repositories that the config names, and where runners for their jobs are registered. */
export function servedScopes({ github, runner }: Config): {
  repositories: { owner: string; repository: string }[];
  scopes: RunnerScope[];
} {
  const repositories = github.repositories.map((fullName) => {
    const [owner = '', repository = ''] = fullName.split('/');
    return { owner, repository };
  });
  const scopes: RunnerScope[] =
    runner.scope === 'organization'
      ? [{ kind: 'organization', owner: github.owner }]
      : repositories.map((full) => ({ kind: 'repository', ...full }));
  return { repositories, scopes };
}
