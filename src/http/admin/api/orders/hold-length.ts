import { HTTPException } from 'hono/http-exception';
import { LONGEST_HOLD } from '../../../../../machines/job/hold.ts';
import { durationText, parseDuration } from '../../../../config/values/duration.ts';
import { quoted } from '../../../../format.js';

/** Milliseconds for an order without a length. */
const USUAL = 20 * 60_000;

/** Returns for how many milliseconds a text such as `20m` holds a VM. Throws an HTTPException for any other text. */
export function holdLength(text: string | undefined): number {
  if (text === undefined || text === '') return USUAL;
  const ms = parseDuration(text);
  if (ms !== null && ms > 0 && ms <= LONGEST_HOLD) return ms;
  const message = `${quoted(text)} is not a length of a hold: write a span such as 20m, at most ${durationText(LONGEST_HOLD)}.`;
  throw new HTTPException(400, { message });
}
