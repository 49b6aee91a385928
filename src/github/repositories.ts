import { z } from 'zod';
import { exactText, identifier } from '../bounds.ts';
import { DaemonError, hasCode } from '../errors.ts';
import type { Abortable, CallOptions, GitHubTransport } from './access/github-transport.ts';
import { scopePath } from './runners/runner-scope.ts';

const repositorySchema = z.object({ id: identifier, full_name: exactText });
const accountSchema = z.object({ login: exactText });

/** Reads repositories; needs the permission Metadata: read, which every token has. */
export function repositoryCalls(transport: GitHubTransport) {
  return {
    /** The repository with this name, or with this former name: `fullName` is its present name. */
    async getRepository(
      owner: string,
      repository: string,
      { signal }: Abortable = {},
    ): Promise<{ id: number; fullName: string }> {
      const found = await transport.read(repositorySchema, {
        what: `read the repository ${owner}/${repository}`,
        purpose: 'looking for work',
        method: 'GET',
        path: scopePath({ kind: 'repository', owner, repository }),
        signal,
      });
      return { id: found.id, fullName: found.full_name };
    },
  };
}

/**
 * Returns what a 404 of a whole repository means. When its owner can still be read, the repository is deleted, or this
 * token may no longer read it: returns REPOSITORY_GONE. Otherwise returns the original failure, since nothing is
 * proven.
 */
export async function missingRepository(
  transport: GitHubTransport,
  { owner, repository }: { owner: string; repository: string },
  { signal, purpose = 'serving jobs' }: CallOptions,
  answer: unknown,
): Promise<unknown> {
  if (!hasCode(answer, 'GITHUB_NOT_FOUND')) return answer;
  try {
    await transport.read(accountSchema, {
      what: `read the owner ${owner}`,
      purpose,
      method: 'GET',
      path: `/users/${encodeURIComponent(owner)}`,
      signal,
    });
  } catch {
    return answer;
  }
  return new DaemonError(
    'REPOSITORY_GONE',
    `GitHub shows no repository ${owner}/${repository} to these credentials, although its owner exists: it was deleted, or the credentials lost access to it. Remove it from the config, or give the credentials access again.`,
  );
}
