import { z } from 'zod';
import { exactText, identifier } from '../bounds.ts';
import { DaemonError, hasCode } from '../errors.ts';
import type { Abortable, CallOptions, GitHubTransport } from './access/github-transport.ts';
import { scopePath } from './runners/runner-scope.ts';

const repositorySchema = z.object({ id: identifier, full_name: exactText });
const accountSchema = z.object({ login: exactText });

/** Reading repositories; needs the permission Metadata: read, which every token has. */
export function repositoryCalls(transport: GitHubTransport) {
  return {
    /** The repository of this name, or that had it before it was renamed: `fullName` is what it is called now. */
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
 * What a 404 of a whole repository means. Where its owner can still be read, the repository is deleted, or this token
 * may not know of it any more: returns REPOSITORY_GONE. Otherwise the answer itself stands, since nothing is proven.
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
    `GitHub has no repository ${owner}/${repository} for this token, and its owner is there: it was deleted, or the token lost it. Take it out of the config, or give the token its rights.`,
  );
}
