import type { AnswerHeaders } from './rate-limit.ts';

/** The last full response for one URL. */
export interface RememberedAnswer {
  etag: string;
  /** As read by the schema of the call, so that steps and other large parts are not kept. */
  value: unknown;
  /** Where the next page is: a 304 need not repeat it. */
  link: string | undefined;
}

/**
 * Pages of runs and jobs that are requested again and again; a page that falls out of memory costs one full
 * response.
 */
const MOST_ANSWERS = 2000;

/**
 * Responses by full URL, query included, since the ETag differs for each page. One instance serves one
 * credential: another may see something else under the same URL. GitHub does not count a 304 against the
 * hourly limit, so an idle cycle costs nothing.
 */
export class RememberedAnswers {
  readonly #answers = new Map<string, RememberedAnswer>();

  get(url: string): RememberedAnswer | undefined {
    const answer = this.#answers.get(url);
    if (answer) this.#touch(url, answer);
    return answer;
  }

  remember(url: string, headers: AnswerHeaders, value: unknown): void {
    this.#answers.delete(url);
    if (!headers.etag) return;
    this.#touch(url, { etag: String(headers.etag), value, link: linkOf(headers) });
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MOST_ANSWERS && oldest !== undefined) this.#answers.delete(oldest);
  }

  #touch(url: string, answer: RememberedAnswer): void {
    this.#answers.delete(url);
    this.#answers.set(url, answer);
  }
}

export function linkOf(headers: AnswerHeaders): string | undefined {
  return headers.link === undefined ? undefined : String(headers.link);
}

/**
 * Returns the query of the `next` page in a `Link` header; null on the last page. The link's host is ignored, since
 * credentials would be sent there.
 */
export function nextPageQuery(link: string | undefined): string | null {
  const next = link?.match(/<([^<>]+)>;\s*rel="next"/)?.[1];
  if (!next || !URL.canParse(next)) return null;
  return new URL(next).search;
}
