import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { Clock } from '../../../clock.ts';
import type { Recording } from '../../../journal/recording.ts';
import { readUsage, type UsageAnswer } from '../../../journal/usage/read-usage.ts';
import { USAGE_BY } from '../../../journal/usage/usage-by.js';

const WEEK = 7 * 24 * 3_600_000;

/** Returns the answer to a request for the usage of a time range. One journal is read at a time, however many requests there are. */
export function usageRoute(
  source: { recording: Recording; githubAhead(): number },
  clock: Clock,
): (c: Context) => Promise<UsageAnswer> {
  let last: Promise<unknown> = Promise.resolve();
  return async (c) => {
    const now = clock.now();
    const until = Math.min(now, instantIn(c, 'until') ?? now);
    const since = instantIn(c, 'since') ?? until - WEEK;
    if (since >= until) throw refusal('Write a "since" that is before "until", and not in the future.');
    const asked = c.req.query('by') ?? 'repository';
    const by = USAGE_BY.find((one) => one === asked);
    if (!by) throw refusal(`Write "by" as one of ${USAGE_BY.join(', ')}.`);
    const { signal } = c.req.raw;
    const reading = last.then(() =>
      readUsage(source.recording, by, { since, until }, source.githubAhead(), signal),
    );
    last = reading.catch(() => undefined);
    return reading;
  };
}

function instantIn(c: Context, name: string): number | undefined {
  const text = c.req.query(name);
  if (text === undefined) return undefined;
  if (/^\d{1,16}$/.test(text)) return Number(text);
  throw refusal(`Write "${name}" in milliseconds since 1970.`);
}

const refusal = (message: string) => new HTTPException(400, { message });
