import { z } from 'zod';
import type { RunnerScope } from '../../../machines/job/context.ts';
import { identifier, isoInstant } from '../../bounds.ts';
import type { Clock } from '../../clock.ts';
import { DaemonError, hasCode } from '../../errors.ts';
import { refusalStatus } from '../access/github-failure.ts';
import type { Abortable, GitHubTransport } from '../access/github-transport.ts';
import { isJitUnsupported, JitSupport } from './jit-support.ts';
import type { RunnerGroups } from './runner-groups.ts';
import { scopeName, scopePath } from './runner-scope.ts';

export interface JitRequest {
  name: string;
  /** All labels of the runner. GitHub adds none, so `self-hosted` and the like have to be included. */
  labels: string[];
  groupId: number;
}

/** Characters of a secret that GitHub returns; a JIT configuration has some thousand. */
const secret = z.string().min(1).max(100_000);
const jitSchema = z.object({ runner: z.object({ id: identifier }), encoded_jit_config: secret });
const tokenSchema = z.object({ token: secret, expires_at: isoInstant });

/** Registers runners; what these calls return is secret and is kept in memory only (law 7). */
export function registrationCalls(transport: GitHubTransport, groups: RunnerGroups, clock: Clock) {
  const jit = new JitSupport(clock);
  const path = (scope: RunnerScope) => `${scopePath(scope)}/actions/runners`;

  return {
    /** The URL for `config.sh --url`. */
    registrationUrl: (scope: RunnerScope): string => registrationUrl(transport.apiUrl, scope),

    /** The id of a runner group; 1 for a repository, which has no other. Throws RUNNER_GROUP_UNKNOWN. */
    resolveGroupId: (scope: RunnerScope, name: string, options: Abortable = {}): Promise<number> =>
      groups.resolve(scope, name, options),

    /** False where this server is known to have no JIT runners. */
    jitSupported: (): boolean => jit.supported,

    /**
     * Registers a runner for one job; from then on GitHub lists it as offline. Sent exactly once, since a
     * second request for the same name is refused and the configuration can never be read again. Throws
     * RUNNER_NAME_TAKEN, JIT_UNSUPPORTED; after GITHUB_UNREACHABLE and GITHUB_ERROR the runner may exist.
     */
    async createJitConfig(
      scope: RunnerScope,
      { name, labels, groupId }: JitRequest,
      { signal }: Abortable = {},
    ): Promise<{ runnerId: number; encodedJitConfig: string }> {
      try {
        const made = await transport.send(jitSchema, {
          what: `register the runner ${name}`,
          purpose: 'serving jobs',
          method: 'POST',
          path: `${path(scope)}/generate-jitconfig`,
          body: { name, labels, runner_group_id: groupId, work_folder: '_work' },
          signal,
        });
        return { runnerId: made.runner.id, encodedJitConfig: made.encoded_jit_config };
      } catch (error) {
        const status = refusalStatus(error);
        if (status === 409) {
          throw new DaemonError(
            'RUNNER_NAME_TAKEN',
            `GitHub already has a runner named ${name}; the next name is used.`,
          );
        }
        if (status === 404) groups.forget();
        if (status === null || !(await meansUnsupported(status, scope, groupId, { signal }))) throw error;
        throw new DaemonError(
          'JIT_UNSUPPORTED',
          'This GitHub Enterprise Server has no JIT runners (version 3.10 brought them): a registration token is used.',
        );
      }
    },

    /** A secret that can register any number of runners of the scope for an hour; `expiresAt` in epoch ms. */
    async createRegistrationToken(
      scope: RunnerScope,
      { signal }: Abortable = {},
    ): Promise<{ token: string; expiresAt: number }> {
      const made = await transport.send(tokenSchema, {
        what: `make a registration token for ${scopeName(scope)}`,
        purpose: 'serving jobs',
        method: 'POST',
        path: `${path(scope)}/registration-token`,
        signal,
      });
      return { token: made.token, expiresAt: made.expires_at };
    },
  };

  /** Collects the evidence that explains a refusal of generate-jitconfig, and remembers the verdict. */
  async function meansUnsupported(
    status: number,
    scope: RunnerScope,
    groupId: number,
    { signal }: Abortable,
  ): Promise<boolean> {
    const found = { isEnterpriseServer: isEnterpriseServer(transport.apiUrl), status };
    if (!found.isEnterpriseServer || ![404, 405, 501].includes(status)) return false;
    try {
      const { headers } = await transport.request({
        what: `read the runners of ${scopeName(scope)}`,
        purpose: 'serving jobs',
        method: 'GET',
        path: path(scope),
        query: { per_page: 1 },
        signal,
      });
      const groupExists =
        scope.kind === 'repository' ||
        (await groups.list(scope, { signal })).some(({ id }) => id === groupId);
      if (!isJitUnsupported({ ...found, canListRunners: true, groupExists })) return false;
      const version = headers['x-github-enterprise-version'];
      jit.noteUnsupported(version === undefined ? null : String(version));
      return true;
    } catch (error) {
      if (hasCode(error, 'GITHUB_NOT_FOUND', 'GITHUB_PERMISSION_MISSING')) return false;
      throw error;
    }
  }
}

/**
 * Returns true for GitHub Enterprise Server, whose release decides what it can do. github.com and the data-residency
 * hosts `api.<name>.ghe.com` always run the newest version.
 */
export function isEnterpriseServer(apiUrl: string): boolean {
  const { hostname } = new URL(apiUrl);
  return hostname !== 'api.github.com' && !hostname.endsWith('.ghe.com');
}

/** Returns the URL for `config.sh --url` of a scope: its address on the web host that belongs to the API's host. */
export function registrationUrl(apiUrl: string, scope: RunnerScope): string {
  const url = new URL(apiUrl);
  if (!isEnterpriseServer(apiUrl)) url.hostname = url.hostname.replace(/^api\./, '');
  return `${url.origin}/${scopeName(scope)}`;
}
