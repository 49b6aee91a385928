import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { Clock } from '../../../clock.ts';
import type { Recording } from '../../../journal/recording.ts';
import { TREND_RANGES, Trends, type TrendsAnswer } from '../../../journal/trends/trends.ts';

/** Returns the answer to a request for the trends of a range that ends now, or at a moment of the past. */
export function trendsRoute(
  source: { recording: Recording; githubAhead(): number },
  clock: Clock,
): (c: Context) => Promise<TrendsAnswer> {
  const trends = new Trends(source.recording, clock, () => source.githubAhead());
  return async (c) => {
    const asked = c.req.query('range') ?? '24h';
    const range = TREND_RANGES.find((one) => one === asked);
    if (!range)
      throw new HTTPException(400, { message: `Write "range" as one of ${TREND_RANGES.join(', ')}.` });
    const at = c.req.query('at');
    if (at !== undefined && !/^\d{1,16}$/.test(at))
      throw new HTTPException(400, { message: 'Write "at" in milliseconds since 1970.' });
    const now = clock.now();
    return trends.of(range, Math.min(now, at === undefined ? now : Number(at)));
  };
}
