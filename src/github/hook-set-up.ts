import { z } from 'zod';
import type { RunnerScope } from '../../machines/job/context.ts';
import { identifier, readableRows } from '../bounds.ts';
import type { Abortable, GitHubTransport } from './access/github-transport.ts';
import { scopeName, scopePath } from './runners/runner-scope.ts';

const hookSchema = z.object({ id: identifier, config: z.object({ url: z.string().optional() }) });

export interface WantedHook {
  /** The address that GitHub sends to, with its path. */
  url: string;
  secret: string;
}

const purpose = 'serving jobs';

/**
 * Makes the webhook that the daemon needs; needs Webhooks: write (classic: admin:repo_hook, admin:org_hook).
 */
export function hookSetUpCalls(transport: GitHubTransport) {
  return {
    /**
     * Makes a webhook for jobs, or sets the secret of the existing one with this address; returns which of
     * the two.
     */
    async setUpHook(
      scope: RunnerScope,
      { url, secret }: WantedHook,
      { signal }: Abortable = {},
    ): Promise<'made' | 'changed'> {
      // GitHub's paths of webhooks begin like those of runners.
      const path = `${scopePath(scope)}/hooks`;
      const name = scopeName(scope);
      const hooks = await transport.send(readableRows(hookSchema), {
        what: `list the webhooks of ${name}`,
        purpose,
        method: 'GET',
        path,
        query: { per_page: 100 },
        signal,
      });
      const body = { active: true, events: ['workflow_job'], config: { url, content_type: 'json', secret } };
      const there = hooks.find(({ config }) => config.url === url);
      await transport.request({
        what: `set up a webhook of ${name}`,
        purpose,
        signal,
        ...(there
          ? { method: 'PATCH', path: `${path}/${there.id}`, body }
          : { method: 'POST', path, body: { name: 'web', ...body } }),
      });
      return there ? 'changed' : 'made';
    },
  };
}
