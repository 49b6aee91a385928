import { z } from 'zod';
import type { Kind } from '../key.ts';

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
const MAX_MS = 366 * 86_400_000;

const HOW_TO_WRITE = 'write a number and a unit (ms, s, m, h or d), such as 10s, 5m or 1h30m';

/** Milliseconds of a text such as `10s` or `1h30m`; null when it is not a duration. */
export function parseDuration(text: string): number | null {
  if (!WHOLE.test(text)) return null;
  let total = 0;
  for (const [, count, unit] of text.matchAll(PART))
    total += Number(count) * (UNITS[unit ?? ''] ?? Number.NaN);
  return Math.round(total);
}

function schemaUpTo(longest: number) {
  return z
    .string({
      error: ({ input }) => {
        if (input === undefined) return undefined;
        return `${JSON.stringify(input)} has no unit: ${HOW_TO_WRITE}.`;
      },
    })
    .transform((text, ctx) => {
      const ms = parseDuration(text);
      if (ms !== null && ms > 0 && ms <= longest) return ms;
      ctx.addIssue(
        ms === null
          ? `"${text}" is not a duration: ${HOW_TO_WRITE}.`
          : `"${text}" is out of range: write a duration from 1ms to ${durationText(longest)}.`,
      );
      return z.NEVER;
    });
}

/** Milliseconds as `10s` or `1h30m`. */
export function durationText(ms: number): string {
  let rest = ms;
  const parts = Object.entries(UNITS)
    .reverse()
    .map(([unit, size]) => {
      const count = Math.floor(rest / size);
      rest -= count * size;
      return count === 0 ? '' : `${count}${unit}`;
    });
  return parts.join('') || '0ms';
}

const schema = schemaUpTo(MAX_MS);

/** A span of time; milliseconds when parsed. */
export const duration: Kind<typeof schema> = {
  schema,
  type: 'duration',
  form: 'text',
  print: (ms) => durationText(ms as number),
};

/** The same, for a span that may not be longer than `longest` milliseconds. */
export function durationUpTo(longest: number): Kind<typeof schema> {
  return { ...duration, schema: schemaUpTo(longest), type: `duration, at most ${durationText(longest)}` };
}
