import { z } from 'zod';
import type { Kind } from '../key.ts';

const FORM = /^(\d+(?:\.\d+)?) ?(MB|GB|TB)$/i;
const UNITS: Record<string, number> = { MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 };

/**
 * Returns the bytes of a text such as `12GB`; null when it is not a size. The agent's own rule: a decimal number and
 * MB, GB or TB in any case, each 1024 of the one before; the agent refuses `12G` and `12GiB`, so this function does,
 * too.
 */
export function parseSize(text: string): number | null {
  const [, count, unit = ''] = FORM.exec(text) ?? [];
  return count === undefined ? null : Math.floor(Number(count) * (UNITS[unit.toUpperCase()] ?? Number.NaN));
}

/** Bytes as `12GB`, in the largest unit of which there is at least one. */
function sizeText(bytes: number): string {
  const [unit, size] = Object.entries(UNITS).findLast(([, one]) => bytes >= one) ?? ['bytes', 1];
  return `${bytes / size}${unit}`;
}

/**
 * A size within limits that are written the same way; bytes when parsed. As at the agent, a bare number is
 * bytes.
 */
export function size(least: string, most: string) {
  const range = [parseSize(least) ?? 0, parseSize(most) ?? 0] as const;
  const schema = z
    .union([z.string(), z.int()], {
      error: ({ input }) =>
        input === undefined ? undefined : `must be a size: write it as a text, such as ${least}.`,
    })
    .transform((given, ctx) => {
      const bytes = typeof given === 'number' ? given : parseSize(given);
      if (bytes !== null && bytes >= range[0] && bytes <= range[1]) return bytes;
      ctx.addIssue(
        bytes === null
          ? `"${given}" is not a size: write a number and MB, GB or TB, such as ${least} (1 GB is 1024³ bytes).`
          : `${typeof given === 'number' ? `${given} bytes` : `"${given}"`} is out of range: the agent accepts ${least} to ${most}.`,
      );
      return z.NEVER;
    });
  const print = (bytes: unknown) => sizeText(bytes as number);
  return { schema, type: `size, ${least}–${most}`, form: 'text', print } satisfies Kind<typeof schema>;
}
