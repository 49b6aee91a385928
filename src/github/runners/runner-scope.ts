import type { RunnerScope } from '../../../machines/job/context.ts';

/** `owner/repository` or `owner`, for messages and as a key. */
export function scopeName(scope: RunnerScope): string {
  return scope.kind === 'repository' ? `${scope.owner}/${scope.repository}` : scope.owner;
}

/** Returns the path of the scope below the API's base URL. */
export function scopePath(scope: RunnerScope): string {
  const owner = encodeURIComponent(scope.owner);
  return scope.kind === 'repository'
    ? `/repos/${owner}/${encodeURIComponent(scope.repository)}`
    : `/orgs/${owner}`;
}
