import { z } from 'zod';
import type { HookRef } from '../../machines/webhooks.ts';
import type { Abortable, GitHubRequest, GitHubTransport } from './access/github-transport.ts';

const deliveriesSchema = z.array(
  z.object({
    id: z.number(),
    guid: z.string(),
    delivered_at: z.string(),
    status: z.string(),
    status_code: z.number(),
    event: z.string(),
  }),
);

/** Asked for in one look; the rest has its turn in the next. */
const MOST_REDELIVERIES = 50;
const PAGE = 100;

/** Answers of ours that the same delivery would get again: a wrong secret, a wrong shape, a foreign repository. */
const isFinal = (status: number) => status >= 400 && status < 500 && status !== 408;

/** Failed deliveries, and asking for them again; needs Webhooks: write (classic: admin:repo_hook, admin:org_hook). */
export function hookDeliveryCalls(transport: GitHubTransport) {
  return {
    /**
     * Asks GitHub to repeat what failed since an instant (epoch ms) and did not succeed later under the same GUID;
     * answers how many. GitHub lists the newest first and keeps three days.
     */
    async redeliverFailed(hook: HookRef, since: number, { signal }: Abortable = {}): Promise<number> {
      const path = `${hookPath(hook)}/deliveries`;
      const succeeded = new Set<string>();
      const failed = new Map<string, number>();
      const query = { per_page: PAGE };
      const asked: GitHubRequest = {
        what: 'list the deliveries of the webhook',
        purpose: 'looking for work',
        method: 'GET',
        path,
        query,
        signal,
      };
      for await (const page of transport.pages(deliveriesSchema, asked)) {
        for (const { id, guid, status, status_code, event } of page) {
          if (event !== 'workflow_job') continue;
          if (status === 'OK' || isFinal(status_code)) succeeded.add(guid);
          else if (!failed.has(guid)) failed.set(guid, id);
        }
        const oldest = page.at(-1);
        if (!oldest || Date.parse(oldest.delivered_at) < since) break;
      }
      const due = [...failed].filter(([guid]) => !succeeded.has(guid)).slice(0, MOST_REDELIVERIES);
      // The oldest first, as they came.
      for (const [, id] of due.reverse()) {
        await transport.request({
          what: 'have a delivery made again',
          purpose: 'looking for work',
          method: 'POST',
          path: `${path}/${id}/attempts`,
          signal,
        });
      }
      return due.length;
    },
  };
}

function hookPath(hook: HookRef): string {
  if (hook.kind === 'app') return '/app/hook';
  if (hook.kind === 'organization') return `/orgs/${hook.owner}/hooks/${hook.id}`;
  return `/repos/${hook.owner}/${hook.repository}/hooks/${hook.id}`;
}
