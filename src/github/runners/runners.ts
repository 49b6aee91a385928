import { z } from 'zod';
import type { RunnerScope } from '../../../machines/job/context.ts';
import { cutText, exactText, identifier, readableRows } from '../../bounds.ts';
import { DaemonError, hasCode } from '../../errors.ts';
import { refusalStatus } from '../access/github-failure.ts';
import type { Abortable, CallOptions, GitHubTransport } from '../access/github-transport.ts';
import type { Purpose } from '../access/purpose-budget.ts';
import { missingRepository } from '../repositories.ts';
import { scopeName, scopePath } from './runner-scope.ts';

export interface GitHubRunner {
  id: number;
  name: string;
  status: 'online' | 'offline';
  /** May be out of date both ways: it must never be the only witness that a runner has no job (law 5). */
  busy: boolean;
  labels: string[];
  ephemeral: boolean | null;
  version: string | null;
}

const runnerSchema = z
  .object({
    id: identifier,
    name: exactText,
    status: cutText,
    busy: z.boolean(),
    labels: readableRows(z.object({ name: cutText })),
    ephemeral: z.boolean().nullish().catch(null),
    version: cutText.nullish().catch(null),
  })
  .transform(
    (runner): GitHubRunner => ({
      id: runner.id,
      name: runner.name,
      status: runner.status === 'online' ? 'online' : 'offline',
      busy: runner.busy,
      labels: runner.labels.map(({ name }) => name),
      ephemeral: runner.ephemeral ?? null,
      version: runner.version ?? null,
    }),
  );
/** A runner that cannot be read blocks only a caller who looks for it by its name. */
const unreadableRunner = z
  .looseObject({ name: exactText })
  .transform(({ name }): { unreadable: string } => ({ unreadable: name }));
const runnersSchema = z.object({ runners: readableRows(z.union([runnerSchema, unreadableRunner])) });

/**
 * Lists and removes runners of a scope; needs Administration (repository) or
 * organization_self_hosted_runners: write.
 */
export function runnerCalls(transport: GitHubTransport) {
  const path = (scope: RunnerScope) => `${scopePath(scope)}/actions/runners`;

  async function listRunners(
    scope: RunnerScope,
    { signal, name, purpose = 'serving jobs' }: CallOptions & { name?: string } = {},
  ): Promise<GitHubRunner[]> {
    const runners: GitHubRunner[] = [];
    const pages = transport.pages(runnersSchema, {
      what: name ? `find the runner ${name}` : `list the runners of ${scopeName(scope)}`,
      purpose,
      method: 'GET',
      path: path(scope),
      query: name ? { name } : {},
      signal,
    });
    for await (const page of pages) {
      for (const runner of page.runners) {
        if (!('unreadable' in runner)) runners.push(runner);
        else if (isSame(runner.unreadable, name)) throw unreadable(runner.unreadable, scope);
      }
    }
    return runners;
  }

  /**
   * Rejects unless a runner that GitHub does not find is really absent. It lists one runner, only to learn
   * whether we may list. When the repository is gone, its runners are gone, too.
   */
  async function confirmAbsent(scope: RunnerScope, purpose: Purpose, { signal }: Abortable): Promise<void> {
    try {
      await transport.read(runnersSchema, {
        what: `read the runners of ${scopeName(scope)}`,
        purpose,
        method: 'GET',
        path: path(scope),
        query: { per_page: 1 },
        signal,
      });
    } catch (error) {
      if (scope.kind === 'organization') throw error;
      const meant = await missingRepository(transport, scope, { signal, purpose }, error);
      if (!hasCode(meant, 'REPOSITORY_GONE')) throw meant;
    }
  }

  /** The runner that has this id in the scope now; null when GitHub returns 404, for whatever reason. */
  async function runnerAt(
    scope: RunnerScope,
    id: number,
    { signal, purpose = 'serving jobs' }: CallOptions,
  ): Promise<GitHubRunner | null> {
    try {
      return await transport.read(runnerSchema, {
        what: `read runner ${id} of ${scopeName(scope)}`,
        purpose,
        method: 'GET',
        path: `${path(scope)}/${id}`,
        signal,
      });
    } catch (error) {
      if (hasCode(error, 'GITHUB_NOT_FOUND')) return null;
      throw error;
    }
  }

  /** Servers that do not know the filter return all runners; a repository that is gone has none. */
  async function listed(scope: RunnerScope, name: string, options: CallOptions): Promise<GitHubRunner[]> {
    try {
      return await listRunners(scope, { ...options, name });
    } catch (error) {
      if (scope.kind === 'organization') throw error;
      const meant = await missingRepository(transport, scope, options, error);
      if (hasCode(meant, 'REPOSITORY_GONE')) return [];
      throw meant;
    }
  }

  /**
   * Returns the runner of exactly this name, ignoring case; GitHub keeps names unique within a scope. `id` is the
   * runner's earlier id at GitHub: it is read first, since a list may be out of date. The runner that has
   * the id now may belong to another party, for instance on an Enterprise Server that was restored from a
   * backup, so its name is compared. It is null when GitHub does not have the runner, which counts only
   * for a scope whose runners we can still list. A list that still shows the id that GitHub has just denied
   * is out of date.
   */
  async function findRunner(
    scope: RunnerScope,
    name: string,
    { id = null, ...options }: CallOptions & { id?: number | null } = {},
  ): Promise<GitHubRunner | null> {
    const isIt = (runner: GitHubRunner) => isSame(runner.name, name);
    const known = id === null ? null : await runnerAt(scope, id, options);
    if (known !== null && isIt(known)) return known;
    const runners = await listed(scope, name, options);
    return runners.find((runner) => runner.id !== id && isIt(runner)) ?? null;
  }

  return {
    listRunners,
    findRunner,

    /**
     * Returns the runner of exactly this name, to be removed. A list may be late, and an id that it shows may be
     * that of another party's runner by now, which a DELETE would remove (law 3): so a runner that only a list
     * has shown is read once more by its id.
     */
    async findRunnerToRemove(
      scope: RunnerScope,
      name: string,
      { id = null, ...options }: CallOptions & { id?: number | null },
    ): Promise<GitHubRunner | null> {
      const found = await findRunner(scope, name, { id, ...options });
      if (found === null || found.id === id) return found;
      const now = await runnerAt(scope, found.id, options);
      return now !== null && isSame(now.name, name) ? now : null;
    },

    /**
     * Removes a runner from GitHub's list. Returns `busy` when GitHub refuses with 422 because the runner has
     * a job. The id must be that of `findRunnerToRemove`, since a DELETE does not name the runner.
     */
    async removeRunner(
      scope: RunnerScope,
      id: number,
      { signal }: Abortable = {},
    ): Promise<'removed' | 'absent' | 'busy'> {
      try {
        await transport.request({
          what: `remove runner ${id} of ${scopeName(scope)}`,
          purpose: 'teardown',
          method: 'DELETE',
          path: `${path(scope)}/${id}`,
          signal,
        });
        return 'removed';
      } catch (error) {
        if (refusalStatus(error) === 422) return 'busy';
        if (!hasCode(error, 'GITHUB_NOT_FOUND')) throw error;
      }
      await confirmAbsent(scope, 'teardown', { signal });
      return 'absent';
    },
  };
}

/** GitHub ignores case in the names of runners. */
function isSame(one: string, other: string | undefined): boolean {
  return one.toLowerCase() === other?.toLowerCase();
}

/** The error for a runner that exists but cannot be read; no caller may go on as if it were absent. */
function unreadable(name: string, scope: RunnerScope): DaemonError {
  return new DaemonError(
    'GITHUB_ERROR',
    `GitHub lists the runner ${name} of ${scopeName(scope)} in a form that this daemon cannot read. It is tried again.`,
  );
}
