import { z } from 'zod';
import type { Kind } from '../key.ts';

/** The sentence for a value of another type; a missing key gets its sentence from `describeIssue`. */
function unlessMissing(sentence: (input: unknown) => string | undefined) {
  return ({ input }: { input?: unknown }) => (input === undefined ? undefined : sentence(input));
}

const notText = unlessMissing((input) =>
  typeof input === 'object'
    ? 'must be one text, not a list and not a section with keys.'
    : `is read as a ${typeof input}, but must be a text: put it in quotes.`,
);

const nonEmpty = z
  .string({ error: notText })
  .min(1, 'is empty. Give a value, or leave the key out.')
  .refine((value) => value.trim() === value, 'begins or ends with a space or a line break: remove it.');

export const text: Kind<typeof nonEmpty> = { schema: nonEmpty, type: 'text', form: 'text' };

export const secret: Kind<typeof nonEmpty> = { ...text, type: 'text or variable', secret: true };

export const localFile: Kind<typeof nonEmpty> = { ...text, type: 'path of a file', local: 'file' };

export const localFolder: Kind<typeof nonEmpty> = { ...text, type: 'path of a folder', local: 'folder' };

/** A text of a certain form; `wanted` completes "write …". */
export function textLike(form: RegExp, wanted: string, type = 'text'): Kind<typeof nonEmpty> {
  const schema = z.string({ error: notText }).refine((value) => form.test(value), {
    error: ({ input }) => `"${String(input)}" does not fit here: write ${wanted}.`,
  });
  return { schema, type, form: 'text' };
}

/** A whole number; `unit` completes the range in the reference. */
export function integer(least: number, most: number, unit = ''): Kind<z.ZodNumber> {
  const isOpen = most === Number.MAX_SAFE_INTEGER;
  const range = isOpen ? `of at least ${least}` : `from ${least} to ${most}`;
  const error = unlessMissing((input) => {
    const isQuoted = typeof input === 'string' && /^\d+$/.test(input);
    if (isQuoted) return `is a text: write ${input} without quotes.`;
    return `${JSON.stringify(input)} does not fit here: write a whole number ${range}${unit && ` (${unit})`}.`;
  });
  const schema = z.int({ error }).min(least, { error }).max(most, { error });
  const type = isOpen ? 'whole number' : `whole number, ${least}–${most}${unit && ` ${unit}`}`;
  return { schema, type, form: 'number' };
}

export function choice<const T extends string>(...values: T[]): Kind<z.ZodEnum<{ [K in T]: K }>> {
  const spoken = `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
  const error = unlessMissing(
    (input) => `${JSON.stringify(input)} is not one of the choices: write ${spoken}.`,
  );
  const schema = z.enum(values, { error }) as z.ZodEnum<{ [K in T]: K }>;
  return { schema, type: values.map((value) => `\`${value}\``).join(', '), form: 'text' };
}

const flagSchema = z.boolean({
  error: unlessMissing(
    (input) => `${JSON.stringify(input)} does not fit here: write true or false, without quotes.`,
  ),
});

export const flag: Kind<typeof flagSchema> = { schema: flagSchema, type: '`true`, `false`', form: 'flag' };

export function list<S extends z.ZodType>({ schema, type, print = String }: Kind<S>): Kind<z.ZodArray<S>> {
  const error = unlessMissing(() => 'must be a list: write it in brackets, such as ["one", "two"].');
  return {
    schema: z.array(schema, { error }),
    type: `list of: ${type}`,
    form: 'list',
    print: (items) => (items as unknown[]).map(print).join(', '),
  };
}

const oneOrMore = z.union(
  [nonEmpty, z.array(nonEmpty).min(1, 'is an empty list: name at least one, or leave the key out.')],
  {
    error: unlessMissing((input) =>
      Array.isArray(input) ? 'must be a list of texts: put each text in quotes.' : notText({ input }),
    ),
  },
);

/** A list, since a secret that is being changed has an old and a new value for a while. */
export const secrets: Kind<typeof oneOrMore> = {
  schema: oneOrMore,
  type: 'text or variable, or a list of them',
  form: 'textOrList',
  secret: true,
};

const commandSchema = z
  .array(z.string({ error: notText }), {
    error: unlessMissing(
      () =>
        'must be a list of the program and its arguments, such as ["program", "argument"]; it runs without a shell.',
    ),
  })
  .refine((given) => (given[0] ?? '') !== '', 'is empty: name the program first, then its arguments.');

export const command: Kind<typeof commandSchema> = {
  schema: commandSchema,
  type: 'list: program, then arguments',
  form: 'command',
  // An argument may be a secret.
  print: (given) => `${(given as string[])[0]} …`,
};
