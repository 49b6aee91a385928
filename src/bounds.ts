import { z } from 'zod';

// Limits on everything that is read from a stranger or from the store. A value beyond its limit is refused
// where it enters: further inside, a port of 70000 would end the process, and a job with the id 0 would count
// as "no job".

/** Characters of a name, a title, a label or a message. */
const LONGEST_TEXT = 1_024;
/** Labels of a job; jobs at GitHub usually have fewer than ten. */
const MOST_LABELS = 100;
/** The end of the year 9999 in epoch ms: `Date` goes further, but no sender means an instant beyond it. */
const LAST_INSTANT = 253_402_300_799_999;

/** An id of GitHub's: a positive safe integer. */
export const identifier = z.int().positive();

/** A count of things. */
export const count = z.int().nonnegative();

/** A TCP port that can be connected to. */
export const port = z.int().min(1).max(65_535);

/** Epoch ms. */
export const instant = z.number().min(0).max(LAST_INSTANT);

/** An ISO instant, read as epoch ms. */
export const isoInstant = z
  .string()
  .max(LONGEST_TEXT)
  .transform((text) => Date.parse(text))
  .pipe(instant);

/**
 * A text that identifies something, such as a name: refused when it is too long, since a shortened name means
 * something else.
 */
export const exactText = z.string().max(LONGEST_TEXT);

/** The id of a commit, SHA-1 or SHA-256; null for anything else, since nothing depends on it. */
export const commitId = z
  .string()
  .regex(/^([\da-f]{40}|[\da-f]{64})$/)
  .nullable()
  .catch(null);

/** The name of a branch; null when it is longer than GitHub allows, since nothing depends on it. */
export const branchName = z.string().max(255).nullable().catch(null);

/** A text for people: cut when it is too long. */
export const cutText = z.string().transform(cut);

export const labels = z.array(cutText).max(MOST_LABELS);

/** Returns a list whose rows `row` reads. A row that cannot be read is left out; the rest of the list is kept. */
export function readableRows<Row>(row: z.ZodType<Row>) {
  return z.array(z.unknown()).transform((rows) =>
    rows.flatMap((one): Row[] => {
      const { success, data } = row.safeParse(one);
      return success ? [data] : [];
    }),
  );
}

function cut(text: string): string {
  if (text.length <= LONGEST_TEXT) return text;
  // Does not cut between the two halves of a surrogate pair.
  const end = /[\uD800-\uDBFF]/.test(text.charAt(LONGEST_TEXT - 1)) ? LONGEST_TEXT - 1 : LONGEST_TEXT;
  return text.slice(0, end);
}
