import { z } from 'zod';

/** What a key may hold, and what the reference and the environment need to know about it. */
export interface Kind<S extends z.ZodType = z.ZodType> {
  schema: S;
  /** What a person writes as its value, with the unit or range. */
  type: string;
  /** How the text of an environment variable becomes the value. A `command` cannot be given by a variable. */
  form: 'text' | 'number' | 'flag' | 'list' | 'textOrList' | 'command';
  /** The value is redacted everywhere, and may be given as `${ENV_NAME}`. */
  secret?: true;
  /**
   * A path on this machine: `~/` and relative paths are resolved. A `file` has to exist; a `folder` is
   * created.
   */
  local?: 'file' | 'folder';
  /** The kind of content that is checked when the config is loaded. */
  holds?: 'appKey' | 'sshKey';
  /** A parsed value as a person writes it; without this it is shown as it is. */
  print?(value: unknown): string;
}

/** The facts of one key of the file. */
export interface KeyFacts extends Omit<Kind, 'schema'> {
  /** One or two sentences: what the key decides. */
  meaning: string;
  isRequired: boolean;
  /** The default as written in a file. */
  default?: unknown;
  /** Where the value comes from when the key is left out and the schema has no default. */
  otherwise?: string | undefined;
  /** A reload of the config refuses a change of it. */
  needsRestart?: true;
}

/** The facts of every key, by its schema: the source of the reference, of the variables and of redaction. */
export const keyFacts = z.registry<KeyFacts>();

/** Returns a key that every configuration must have. */
export function required<S extends z.ZodType>({ schema, ...kind }: Kind<S>, meaning: string): S {
  return described(schema.clone() as S, { ...kind, meaning, isRequired: true });
}

/** Returns a key that may be left out; `otherwise` says which value is used then. */
export function optional<S extends z.ZodType>(
  { schema, ...kind }: Kind<S>,
  meaning: string,
  otherwise?: string,
) {
  return described(z.optional(schema), { ...kind, meaning, isRequired: false, otherwise });
}

/** Returns a key with a default, in the form that an operator writes. */
export function withDefault<S extends z.ZodType>(
  { schema, ...kind }: Kind<S>,
  value: z.input<S>,
  meaning: string,
) {
  return described(z.prefault(schema, value), { ...kind, meaning, isRequired: false, default: value });
}

/** Returns a key that keeps its value while the daemon runs: a reload of the config refuses a change of it. */
export function untilRestart<S extends z.ZodType>(schema: S): S {
  const facts = keyFacts.get(schema);
  if (facts) keyFacts.add(schema as z.ZodType, { ...facts, needsRestart: true });
  return schema;
}

function described<S extends z.ZodType>(schema: S, facts: KeyFacts): S {
  keyFacts.add(schema as z.ZodType, facts);
  return schema;
}
