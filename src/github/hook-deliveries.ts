import { z } from 'zod';
import type { HookRef } from '../../machines/webhooks.ts';
import { count, cutText, exactText, isoInstant, readableRows } from '../bounds.ts';
import { hasCode } from '../errors.ts';
import type { Abortable, GitHubRequest, GitHubTransport } from './access/github-transport.ts';

/**
 * One delivery of a list. Its id has 19 digits, more than a number holds exactly: Octokit reads it as a bigint, and here
 * it is text, which goes into the path as it is. Where nobody answered GitHub, the status code is 0 or missing.
 */
const deliverySchema = z.object({
  id: z.union([z.bigint().positive(), z.int().positive(), z.string().regex(/^\d{1,30}$/)]).transform(String),
  guid: exactText,
  delivered_at: isoInstant,
  status: cutText.nullish(),
  status_code: count.nullish().catch(null),
  event: exactText,
});
type Delivery = z.infer<typeof deliverySchema>;

const pageSchema = readableRows(deliverySchema);

/** Asked for in one look: GitHub allows 180 requests a minute that change something, and others need them too. */
const MOST_REDELIVERIES = 50;
/** Read in one look. */
const MOST_PAGES = 100;

/**
 * Answers of ours that the same delivery would get again: a wrong secret, a wrong shape, a foreign repository. Any other
 * 4xx (404, 411, 413, 425, 429, 499 and the like) is what a proxy or a tunnel in front of us said, and may change.
 */
const FINAL = [400, 401, 403, 415];

/** Pages that are still to be read: from a query on (null is the newest), down to an instant (epoch ms). */
interface Unread {
  from: string | null;
  until: number;
}

/** What a look did not come to; the next look begins with what is newer and then goes on here. */
interface Rest {
  unread: readonly Unread[];
  /** Ids of failed deliveries by their GUID, the newest first. */
  due: ReadonlyMap<string, string>;
}

/** Failed deliveries, and asking for them again; needs Webhooks: write (classic: admin:repo_hook, admin:org_hook). */
export function hookDeliveryCalls(transport: GitHubTransport) {
  const rests = new Map<string, Rest>();

  return {
    /**
     * Asks GitHub to repeat what failed since an instant (epoch ms) and did not succeed later under the same GUID;
     * returns how many. GitHub lists the newest first and keeps three days. What is too much for one look is done in
     * the next ones; after a rejection the next look has to name the same instant.
     */
    async redeliverFailed(hook: HookRef, since: number, { signal }: Abortable = {}): Promise<number> {
      const path = `${hookPath(hook)}/deliveries`;
      const rest = rests.get(path);
      const asked: GitHubRequest = {
        what: 'list the deliveries of the webhook',
        purpose: 'looking for work',
        method: 'GET',
        path,
        signal,
      };
      const unread = [...(rest?.unread ?? []), { from: null, until: since }];
      const succeeded = new Set<string>();
      const failed = new Map<string, string>();
      for (let pages = 0; pages < MOST_PAGES; pages += 1) {
        const range = unread.pop();
        if (!range) break;
        const { value, next } = await transport.page(pageSchema, asked, range.from);
        const jobs = value.filter(({ event }) => event === 'workflow_job');
        for (const { guid } of jobs.filter(isOver)) succeeded.add(guid);
        for (const { guid, id } of jobs) if (!failed.has(guid)) failed.set(guid, id);
        const oldest = value.at(-1);
        const isRead = next === null || (oldest && oldest.delivered_at < range.until);
        if (!isRead) unread.push({ from: next, until: range.until });
      }
      const all = [...failed, ...(rest?.due ?? [])].filter(([guid]) => !succeeded.has(guid));
      // The oldest first, as they came.
      const due = [...new Map(all)].reverse();
      const now = due.splice(0, MOST_REDELIVERIES);
      const redelivered = await redeliverAll(path, now, { signal });
      rests.set(path, { unread, due: new Map(due.reverse()) });
      return redelivered;
    },
  };

  /** One that GitHub refuses to repeat (too old, deleted) keeps none of the others; when it refuses all, that is the failure. */
  async function redeliverAll(
    path: string,
    due: readonly (readonly [guid: string, id: string])[],
    { signal }: Abortable,
  ): Promise<number> {
    const refusals: unknown[] = [];
    for (const [, id] of due) {
      const asked = { what: 'have a delivery made again', method: 'POST', path: `${path}/${id}/attempts` };
      try {
        await transport.request({ ...asked, purpose: 'looking for work', signal });
      } catch (error) {
        if (!hasCode(error, 'GITHUB_NOT_FOUND', 'GITHUB_REQUEST_REFUSED')) throw error;
        refusals.push(error);
      }
    }
    if (due.length > 0 && refusals.length === due.length) throw refusals[0];
    return due.length - refusals.length;
  }
}

function isOver({ status, status_code: code }: Delivery): boolean {
  return (
    status === 'OK' || (typeof code === 'number' && ((code >= 200 && code < 300) || FINAL.includes(code)))
  );
}

function hookPath(hook: HookRef): string {
  if (hook.kind === 'app') return '/app/hook';
  if (hook.kind === 'organization') return `/orgs/${hook.owner}/hooks/${hook.id}`;
  return `/repos/${hook.owner}/${hook.repository}/hooks/${hook.id}`;
}
