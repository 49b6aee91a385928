import type { Kind } from '../key.ts';
import { secret } from './plain-kinds.ts';

/** Returns why a text cannot be the URL of a webhook; null when it can be one. The sentence has no part of the URL. */
export function webhookUrlProblem(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol))
    return 'is not an http or https URL: copy it in full, such as https://hooks.example.com/services/….';
  return url.username + url.password + url.hash === ''
    ? null
    : 'must be a URL without user, password and fragment: remove them.';
}

const schema = secret.schema.superRefine((text, ctx) => {
  const problem = webhookUrlProblem(text);
  if (problem) ctx.addIssue(problem);
});

/** The URL of an incoming webhook, which is a secret. */
export const webhookUrl: Kind<typeof schema> = { ...secret, schema };
