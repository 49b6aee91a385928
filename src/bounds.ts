import { z } from 'zod';

// What is read, from a stranger or from the store, has these bounds: a value beyond them is refused where it enters,
// since behind that a port of 70000 ends the process, and a job with the id 0 is no job.

/** Characters of a name, a title, a label or a message. */
const LONGEST_TEXT = 1_024;
/** Labels of a job; GitHub's own jobs have a handful. */
const MOST_LABELS = 100;
/** The end of the year 9999 in epoch ms: `Date` goes further, and nobody who writes or reads an instant does. */
const LAST_INSTANT = 253_402_300_799_999;

/** An id of GitHub's: a positive safe integer. */
export const identifier = z.int().positive();

/** How many there are of something. */
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

/** A text that says what is meant, such as a name: refused when it is too long, since a part of it means something else. */
export const exactText = z.string().max(LONGEST_TEXT);

/** A text for people: cut when it is too long. */
export const cutText = z.string().transform(cut);

/** The labels of a job: refused when there are too many, since a job needs a runner that has each of them. */
export const labels = z.array(cutText).max(MOST_LABELS);

/** The rows of a list that `row` reads: one that it does not read costs that row, not the list. */
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
  // Not between the two halves of one character.
  const end = /[\uD800-\uDBFF]/.test(text.charAt(LONGEST_TEXT - 1)) ? LONGEST_TEXT - 1 : LONGEST_TEXT;
  return text.slice(0, end);
}
