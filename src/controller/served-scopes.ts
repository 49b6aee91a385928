import type { RunnerScope } from '../../machines/job/context.ts';
import type { Config } from '../config/schema.ts';

/**
 * Returns the repositories that the config names, where runners for their jobs are registered, and for each of them the
 * names of the breakers that can hold back its registrations.
 */
export function servedScopes({ github, runner }: Config): {
  repositories: { owner: string; repository: string }[];
  scopes: RunnerScope[];
  registrations: string[][];
} {
  const repositories = github.repositories.map((fullName) => {
    const [owner = '', repository = ''] = fullName.split('/');
    return { owner, repository };
  });
  const scopes: RunnerScope[] =
    runner.scope === 'organization'
      ? [{ kind: 'organization', owner: github.owner }]
      : repositories.map((full) => ({ kind: 'repository', ...full }));
  const places = runner.scope === 'organization' ? [github.owner] : [];
  const registrations = github.repositories.map((fullName) => [...places, fullName]);
  return { repositories, scopes, registrations: registrations.length > 0 ? registrations : [places] };
}
