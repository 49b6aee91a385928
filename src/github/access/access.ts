import pMap from 'p-map';
import { z } from 'zod';
import type { RunnerScope } from '../../../machines/job/context.ts';
import type { Clock } from '../../clock.ts';
import { DaemonError, hasCode } from '../../errors.ts';
import { span } from '../../format.js';
import { repositoryCalls } from '../repositories.ts';
import { scopeName, scopePath } from '../runners/runner-scope.ts';
import type { GitHubAuth } from './connect-octokit.ts';
import type { Abortable, GitHubTransport } from './github-transport.ts';
import type { AnswerHeaders } from './rate-limit.ts';

/** One check of something that the daemon needs from GitHub. */
export interface AccessFinding {
  what: string;
  /** Null when only trying would tell, and trying would make a runner. */
  ok: boolean | null;
  /** For a person: what was found, and how to fix it. */
  message: string;
  /** True when every further check would find the same; the further checks are then skipped. */
  ends?: boolean;
}

export interface AccessReport {
  findings: AccessFinding[];
  /** Milliseconds by which our clock is ahead of GitHub's; to a second. Null when no response came. */
  clockSkewMs: number | null;
}

export interface AccessQuestion {
  scopes: RunnerScope[];
  repositories: { owner: string; repository: string }[];
}

const userSchema = z.object({ login: z.string() });
const installationSchema = z.object({
  app_slug: z.string().nullish(),
  account: z.object({ login: z.string().nullish() }).nullish(),
  permissions: z.record(z.string(), z.string()),
  suspended_at: z.string().nullish(),
});

/** What is known of the rights to make runners, without making one. */
interface Rights {
  /** The permissions of an App's installation; null for a token. */
  permissions: Record<string, string> | null;
  /** The scopes of a classic token; null for any other credential. */
  oauthScopes: string[] | null;
}

/** GitHub refuses an App's signature that is more than a minute off. */
const WORST_SKEW_MS = 30_000;

const purpose = 'serving jobs';
const REQUESTS_AT_ONCE = 5;

/** Returns the checks that the `check` command makes at GitHub. */
export function accessCalls(transport: GitHubTransport, auth: GitHubAuth, clock: Clock) {
  return {
    /**
     * Tries every kind of read and judges the rights to write from what it finds; makes and changes nothing.
     * Throws only the signal's reason.
     */
    async checkAccess(question: AccessQuestion, { signal }: Abortable = {}): Promise<AccessReport> {
      const skews: number[] = [];
      const rights: Rights = { permissions: null, oauthScopes: null };

      const attempt = async (what: string, path: string, found: string): Promise<AccessFinding> => {
        const askedAt = clock.now();
        try {
          const query = { per_page: 1 };
          const { headers } = await transport.request({ what, purpose, method: 'GET', path, query, signal });
          skews.push((askedAt + clock.now()) / 2 - Date.parse(String(headers.date)) - 500);
          return { what, ok: true, message: found };
        } catch (error) {
          return { what, ok: false, message: explain(error), ends: endsAll(error) };
        }
      };
      const ofRepository = async ({ owner, repository }: { owner: string; repository: string }) => {
        const path = `${scopePath({ kind: 'repository', owner, repository })}/actions/runs`;
        const name = `${owner}/${repository}`;
        const read = await attempt(`read the runs of ${name}`, path, `Runs and jobs of ${name} can be read.`);
        const renamed = read.ends ? null : await nameNow(owner, repository, signal);
        return renamed === null ? [read] : [read, renamed];
      };
      const ofScope = async (scope: RunnerScope) => {
        const name = scopeName(scope);
        const path = `${scopePath(scope)}/actions/runners`;
        const read = await attempt(
          `read the runners of ${name}`,
          path,
          `The runners of ${name} can be read.`,
        );
        return read.ends ? [read] : [read, mayRegister(scope, rights)];
      };

      const findings = [await identity(rights, signal)];
      if (!findings.some(({ ends }) => ends)) {
        const questions = [
          ...question.repositories.map((one) => () => ofRepository(one)),
          ...question.scopes.map((one) => () => ofScope(one)),
        ];
        findings.push(...toldOnce(await pMap(questions, (ask) => ask(), { concurrency: REQUESTS_AT_ONCE })));
      }
      const skew = skews.find((value) => !Number.isNaN(value)) ?? null;
      if (skew !== null) findings.push(clockFinding(skew));
      return { findings, clockSkewMs: skew };
    },
  };

  /** A repository that was renamed is served until another repository takes its old name. */
  async function nameNow(
    owner: string,
    repository: string,
    signal: AbortSignal | undefined,
  ): Promise<AccessFinding | null> {
    const what = `read the repository ${owner}/${repository}`;
    try {
      const { fullName } = await repositoryCalls(transport).getRepository(owner, repository, { signal });
      if (fullName.toLowerCase() === `${owner}/${repository}`.toLowerCase()) return null;
      const message = `${owner}/${repository} is now called ${fullName}: change the name in the config.`;
      return { what, ok: false, message };
    } catch {
      return null;
    }
  }

  async function identity(rights: Rights, signal: AbortSignal | undefined): Promise<AccessFinding> {
    const what = 'log in at GitHub';
    try {
      if ('token' in auth) {
        const { headers, data } = await transport.request({
          what,
          purpose,
          method: 'GET',
          path: '/user',
          signal,
        });
        rights.oauthScopes = oauthScopesOf(headers);
        const login = userSchema.safeParse(data).data?.login ?? 'an unknown user';
        return { what, ok: true, message: `The token belongs to ${login}.` };
      }
      const path = `/app/installations/${auth.installationId}`;
      const found = await transport.send(installationSchema, { what, purpose, method: 'GET', path, signal });
      rights.permissions = found.permissions;
      const name = `The App ${found.app_slug ?? auth.appId}, installed for ${found.account?.login ?? 'an unknown account'}`;
      if (found.suspended_at) {
        return {
          what,
          ok: false,
          message: `${name}, is suspended: unsuspend it in the account's settings.`,
        };
      }
      return { what, ok: true, message: `${name}.` };
    } catch (error) {
      // The tokens of App installations have no user.
      if ('token' in auth && hasCode(error, 'GITHUB_PERMISSION_MISSING', 'GITHUB_NOT_FOUND')) {
        return { what, ok: true, message: 'GitHub accepts the token, which belongs to no user.' };
      }
      if (signal?.aborted) throw signal.reason;
      return { what, ok: false, message: explain(error), ends: endsAll(error) };
    }
  }
}

/** A failure that every check met is reported once; otherwise every finding is reported. */
function toldOnce(answers: AccessFinding[][]): AccessFinding[] {
  const isHopeless = answers.length > 0 && answers.every((findings) => findings.some(({ ends }) => ends));
  if (isHopeless) return answers.flat().slice(0, 1);
  return answers.flat().map(({ ends: _, ...finding }) => finding);
}

/** True for a failure that does not depend on what was asked. */
const endsAll = (error: unknown) => hasCode(error, 'GITHUB_UNREACHABLE', 'GITHUB_CREDENTIALS_REFUSED');

function mayRegister(scope: RunnerScope, { permissions, oauthScopes }: Rights): AccessFinding {
  const what = `register runners of ${scopeName(scope)}`;
  const isRepository = scope.kind === 'repository';
  if (permissions) {
    const needed = isRepository ? 'administration' : 'organization_self_hosted_runners';
    const ok = permissions[needed] === 'write';
    const message = ok
      ? `The App may register runners (${needed}: write).`
      : `Grant the App the permission ${needed}: write, and let the account that it is installed for accept it.`;
    return { what, ok, message };
  }
  if (oauthScopes) {
    const needed = isRepository ? 'repo' : 'admin:org';
    const ok = oauthScopes.includes(needed);
    const message = ok
      ? `The token has the scope ${needed}.`
      : `Give the token the scope ${needed}; it has: ${oauthScopes.join(', ') || 'none'}.`;
    return { what, ok, message };
  }
  const needed = isRepository ? 'Administration' : 'Self-hosted runners (of the organization)';
  return { what, ok: null, message: `Make sure that the token has the permission ${needed}: write.` };
}

/**
 * GitHub's responses to classic tokens list their scopes; for other tokens the header is missing or empty.
 */
function oauthScopesOf(headers: AnswerHeaders): string[] | null {
  const scopes = headers['x-oauth-scopes'];
  return scopes ? String(scopes).split(/, */) : null;
}

function clockFinding(skew: number): AccessFinding {
  const side = skew > 0 ? 'ahead of' : 'behind';
  const ok = Math.abs(skew) < WORST_SKEW_MS;
  return {
    what: "compare this machine's clock with GitHub's",
    ok,
    message: ok
      ? 'The clock of this machine agrees with that of GitHub.'
      : `The clock of this machine is ${span(Math.abs(skew))} ${side} GitHub's: turn on automatic time.`,
  };
}

function explain(error: unknown): string {
  if (error instanceof DaemonError) return error.message;
  throw error;
}
