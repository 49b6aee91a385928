import type { AnswerHeaders } from './rate-limit.ts';

/** The last full answer to one address. */
export interface RememberedAnswer {
  etag: string;
  /** As read by the schema of the call, so that steps and other bulk are not kept. */
  value: unknown;
  /** Where the next page is: a 304 need not repeat it. */
  link: string | undefined;
}

/** Pages of runs and jobs that are asked for again and again; one that falls out costs one full answer. */
const MOST_ANSWERS = 2000;

/**
 * Answers by full URL, query included, since the ETag differs with each page. It serves one credential: what
 * another one sees under the same URL may differ. GitHub counts a request that it answers with 304 against no
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

/** The query of the `next` page in a `Link` header; null on the last page. Its host is not ours to follow: credentials would go there. */
export function nextPageQuery(link: string | undefined): string | null {
  const next = link?.match(/<([^<>]+)>;\s*rel="next"/)?.[1];
  if (!next || !URL.canParse(next)) return null;
  return new URL(next).search;
}
