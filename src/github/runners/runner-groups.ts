import { z } from 'zod';
import type { RunnerScope } from '../../../machines/job/context.ts';
import { exactText, identifier, readableRows } from '../../bounds.ts';
import type { Clock } from '../../clock.ts';
import { DaemonError } from '../../errors.ts';
import type { Abortable, GitHubTransport } from '../access/github-transport.ts';
import { scopePath } from './runner-scope.ts';

interface RunnerGroup {
  id: number;
  name: string;
}

const groupsSchema = z.object({
  runner_groups: readableRows(z.object({ id: identifier, name: exactText })),
});

/** The only group of a repository; repositories cannot list groups. */
const REPOSITORY_GROUP = 1;

/** Milliseconds for which groups are remembered: they hardly ever change, and each new runner needs them. */
const REMEMBERED_MS = 10 * 60_000;

/** Finds runner groups by name; a group's id differs between organizations. */
export class RunnerGroups {
  readonly #transport: GitHubTransport;
  readonly #clock: Clock;
  readonly #remembered = new Map<string, { id: number; until: number }>();

  constructor(transport: GitHubTransport, clock: Clock) {
    this.#transport = transport;
    this.#clock = clock;
  }

  /** The id that generate-jitconfig wants. Throws RUNNER_GROUP_UNKNOWN with the names that exist. */
  async resolve(scope: RunnerScope, name: string, { signal }: Abortable = {}): Promise<number> {
    if (scope.kind === 'repository') return REPOSITORY_GROUP;
    const key = `${scope.owner} ${name}`.toLowerCase();
    const known = this.#remembered.get(key);
    if (known && this.#clock.now() < known.until) return known.id;
    const groups = await this.list(scope, { signal });
    const group = groups.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (!group) {
      const names = groups.map((one) => one.name).join(', ');
      throw new DaemonError(
        'RUNNER_GROUP_UNKNOWN',
        `The organization ${scope.owner} has no runner group "${name}" that the credentials may see; it has: ${names || 'none'}. Correct runner.group.`,
      );
    }
    this.#remembered.set(key, { id: group.id, until: this.#clock.now() + REMEMBERED_MS });
    return group.id;
  }

  /** A group that GitHub refused may have been deleted and made again. */
  forget(): void {
    this.#remembered.clear();
  }

  async list(
    scope: RunnerScope & { kind: 'organization' },
    { signal }: Abortable = {},
  ): Promise<RunnerGroup[]> {
    const groups: RunnerGroup[] = [];
    const pages = this.#transport.pages(groupsSchema, {
      what: `list the runner groups of ${scope.owner}`,
      purpose: 'serving jobs',
      method: 'GET',
      path: `${scopePath(scope)}/actions/runner-groups`,
      signal,
    });
    for await (const page of pages) groups.push(...page.runner_groups);
    return groups;
  }
}
