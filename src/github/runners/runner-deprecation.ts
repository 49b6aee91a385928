import { z } from 'zod';
import type { RunnerScope } from '../../../machines/job/context.ts';
import { hasCode } from '../../errors.ts';
import type { Abortable, GitHubTransport } from '../access/github-transport.ts';
import { scopePath } from './runner-scope.ts';

const instant = z.iso
  .datetime({ offset: true })
  .nullish()
  .transform((text) => (text ? Date.parse(text) : null));
const schema = z.object({ runtime_deprecates_at: instant, registration_deprecates_at: instant });

/** Reads when GitHub stops accepting a version of the runner. */
export function deprecationCalls(transport: GitHubTransport) {
  return {
    /**
     * Epoch ms from which runners of a version get no job or cannot register; null when GitHub names none.
     */
    async runnerEndsAt(
      scope: RunnerScope,
      version: string,
      { signal }: Abortable = {},
    ): Promise<number | null> {
      try {
        const { runtime_deprecates_at: runtime, registration_deprecates_at: registration } =
          await transport.send(schema, {
            what: `ask how long runners of version ${version} are taken`,
            purpose: 'rechecks',
            method: 'GET',
            path: `${scopePath(scope)}/actions/runners/deprecations/${encodeURIComponent(version)}`,
            signal,
          });
        const ends = [runtime, registration].filter((at) => at !== null);
        return ends.length === 0 ? null : Math.min(...ends);
      } catch (error) {
        // Enterprise Servers do not have the route, and GitHub does not know every version.
        if (hasCode(error, 'GITHUB_NOT_FOUND')) return null;
        throw error;
      }
    },
  };
}
