import { z } from 'zod';
import type { Kind } from '../key.ts';
import { isLoopback } from './listen-address.ts';

/** `problemOf` returns the sentence about what is wrong with a valid URL, or null. */
function httpUrl(example: string, problemOf: (url: URL) => string | null) {
  const schema = z
    .string({
      error: ({ input }) => (input === undefined ? undefined : `must be one URL, such as ${example}.`),
    })
    .transform((text, ctx) => {
      const url = URL.canParse(text) ? new URL(text) : null;
      if (!url || !/^https?:$/.test(url.protocol)) {
        ctx.addIssue(`is not an http or https URL: write it in full, such as ${example}.`);
        return z.NEVER;
      }
      const isBare = url.username + url.password + url.search + url.hash === '';
      const wrong = isBare
        ? problemOf(url)
        : 'must be a URL without user, password, query and fragment: remove them.';
      if (wrong) ctx.addIssue(wrong);
      return text.replace(/\/+$/, '');
    });
  return { schema, type: 'URL', form: 'text' } satisfies Kind<typeof schema>;
}

/** The agent has all of its routes under `/v1`, and its server refuses a `%` in any path. */
export const agentUrl = httpUrl('http://127.0.0.1:8011/v1', ({ pathname }) => {
  if (pathname.includes('%')) return 'contains a "%", which the agent refuses in paths: remove it.';
  return /\/v1\/*$/.test(pathname) ? null : 'does not end in /v1, where the agent has its API: add it.';
});

export const githubApiUrl = httpUrl('https://api.github.com', ({ hostname }) =>
  /^(www\.)?github\.com$/.test(hostname)
    ? "is GitHub's website. Its API is at https://api.github.com, and a GitHub Enterprise Server's at https://HOST/api/v3."
    : null,
);

/** Returns whether a secret sent there could be read on the way. */
export function isExposed(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'));
}
