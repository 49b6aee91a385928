import { z } from 'zod';
import type { HookRef } from '../../machines/webhooks.ts';
import { count, cutText, exactText, isoInstant, readableRows } from '../bounds.ts';
import { hasCode } from '../errors.ts';
import type { GitHubClock } from './access/github-clock.ts';
import type { Abortable, GitHubRequest, GitHubTransport } from './access/github-transport.ts';

/**
 * One delivery of a list. Its id has 19 digits, more than a number holds exactly: Octokit reads it as a
 * bigint, and here it is text, which is put into the path unchanged. When GitHub got no response, the status
 * code is 0 or missing.
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

/**
 * Redeliveries requested in one look: GitHub allows 180 changing requests a minute, and other calls need some
 * of them.
 */
const MOST_REDELIVERIES = 50;
/**
 * Milliseconds by which the clocks of GitHub's machines may differ: a delivery with a later date would hide
 * all earlier ones.
 */
const CLOCKS_DIFFER = 3_600_000;

/** Pages that are read in one look. */
const MOST_PAGES = 100;

/**
 * Status codes of ours that the same delivery would get again: a wrong secret, a wrong shape, a foreign
 * repository. Any other 4xx (404, 411, 413, 425, 429, 499 and the like) comes from a proxy or a tunnel in
 * front of this daemon, and may change.
 */
const FINAL = [400, 401, 403, 415];

/** Pages that still have to be read: from a query on (null is the newest), down to an instant (epoch ms). */
interface Unread {
  from: string | null;
  until: number;
}

/** How far the looks at the deliveries of one webhook have come. */
interface Progress {
  /** The last range is read first. */
  unread: Unread[];
  /** Epoch ms of the newest delivery that was read: the next look begins with newer ones. */
  newest: number | null;
  /** GUIDs of deliveries that need no repetition; kept while something older is unread. */
  over: Set<string>;
  /** Ids of failed deliveries by their GUID, in no order. */
  due: Map<string, Delivery>;
}

/**
 * Lists failed deliveries and asks GitHub to repeat them; needs Webhooks: write (classic: admin:repo_hook,
 * admin:org_hook).
 */
export function hookDeliveryCalls(transport: GitHubTransport, time: Pick<GitHubClock, 'now'>) {
  const looks = new Map<string, Progress>();

  return {
    /**
     * Asks GitHub to repeat what failed since an instant (epoch ms) and did not succeed later under the same
     * GUID; returns how many. GitHub lists the newest first and keeps three days. When there is too much for
     * one look, or a rate limit ends a look, the next look of this process continues where the last one
     * stopped.
     */
    async redeliverFailed(hook: HookRef, since: number, { signal }: Abortable = {}): Promise<number> {
      const path = `${hookPath(hook)}/deliveries`;
      const begun: Progress = { unread: [], newest: null, over: new Set(), due: new Map() };
      const progress = looks.get(path) ?? begun;
      looks.set(path, progress);
      if (progress.unread.at(-1)?.from !== null)
        progress.unread.push({ from: null, until: progress.newest ?? since });
      // Asks for what was found before a page could not be read.
      const failure = await read(path, progress, { signal }).then(
        () => null,
        (error: unknown) => ({ error }),
      );
      const redelivered = await redeliverDue(path, progress, { signal });
      if (failure) throw failure.error;
      return redelivered;
    },
  };

  /** Reads pages until there are none, or too many for one look. */
  async function read(path: string, progress: Progress, { signal }: Abortable): Promise<void> {
    const { unread, over } = progress;
    const asked: GitHubRequest = {
      what: 'list the deliveries of the webhook',
      purpose: 'looking for work',
      method: 'GET',
      path,
      signal,
    };
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      const range = unread.at(-1);
      if (!range) break;
      const { value, next } = await transport.page(pageSchema, asked, range.from).catch((error: unknown) => {
        // GitHub no longer keeps the page after this cursor.
        if (range.from === null || !hasCode(error, 'GITHUB_NOT_FOUND', 'GITHUB_REQUEST_REFUSED')) throw error;
        return { value: [], next: null };
      });
      unread.pop();
      note(progress, value, time.now());
      const oldest = value.at(-1);
      const isRead = next === null || (oldest && oldest.delivered_at < range.until);
      if (!isRead) unread.push({ from: next, until: range.until });
    }
    if (unread.length === 0) over.clear();
  }

  /**
   * Asks for the oldest first, in the order in which they came; GitHub lists those of one second the newest
   * first. A delivery that GitHub refuses to repeat (too old, deleted) does not stop the others; when GitHub
   * refuses all of them, throws that failure.
   */
  async function redeliverDue(path: string, { due }: Progress, { signal }: Abortable): Promise<number> {
    const oldestFirst = [...due.values()].reverse().sort((a, b) => a.delivered_at - b.delivered_at);
    const now = oldestFirst.slice(0, MOST_REDELIVERIES);
    const refusals: unknown[] = [];
    for (const { id, guid } of now) {
      const asked = { what: 'send a delivery again', method: 'POST', path: `${path}/${id}/attempts` };
      try {
        await transport.request({ ...asked, purpose: 'looking for work', signal });
      } catch (error) {
        if (!hasCode(error, 'GITHUB_NOT_FOUND', 'GITHUB_REQUEST_REFUSED')) throw error;
        refusals.push(error);
      }
      due.delete(guid);
    }
    if (now.length > 0 && refusals.length === now.length) throw refusals[0];
    return now.length - refusals.length;
  }
}

/** Notes what a page of deliveries shows; `now` is epoch ms. */
function note(progress: Progress, page: readonly Delivery[], now: number): void {
  const { over, due } = progress;
  const dates = page.map(({ delivered_at: at }) => at).filter((at) => at <= now + CLOCKS_DIFFER);
  if (dates.length > 0) progress.newest = Math.max(progress.newest ?? 0, ...dates);
  for (const delivery of page.filter(({ event }) => event === 'workflow_job')) {
    const { guid, delivered_at: at } = delivery;
    if (isOver(delivery)) over.add(guid);
    else if (at > (due.get(guid)?.delivered_at ?? 0)) due.set(guid, delivery);
  }
  for (const guid of over) due.delete(guid);
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
