import { HTTPException } from 'hono/http-exception';
import type { Clock } from '../../../../clock.ts';
import { parseDuration } from '../../../../config/values/duration.ts';
import { quoted } from '../../../../format.js';

/** Milliseconds; what is meant to last longer needs no end. */
const LONGEST = 366 * 86_400_000;

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/**
 * Epoch ms, on our clock, at which an order ends by itself: after a span such as `2h`, or at an instant such as
 * `2026-12-01T05:00Z`. Returns undefined for an order without an end. Throws an HTTPException for any other text.
 */
export function orderEnd(text: string | undefined, clock: Clock): number | undefined {
  if (text === undefined || text === '') return undefined;
  const now = clock.now();
  const span = parseDuration(text);
  const instant = INSTANT.test(text) ? Date.parse(text) - clock.systemAheadBy() : Number.NaN;
  const end = span === null ? Math.round(instant) : now + span;
  if (Number.isNaN(end)) {
    refuse(
      `${quoted(text)} is not an end: write a span such as 2h, or an instant with its time zone, such as 2026-12-01T05:00Z.`,
    );
  }
  if (end <= now) refuse(`${quoted(text)} is over already: write a later end.`);
  if (end - now > LONGEST) refuse(`${quoted(text)} is more than a year away: leave the end out.`);
  return end;
}

function refuse(message: string): never {
  throw new HTTPException(400, { message });
}
