import { z } from 'zod';

/** A job's snapshot as it is stored; `v` changes whenever an older daemon could misread it. */
export interface ActorRecord {
  v: 1;
  machine: 'job';
  /** Epoch ms. */
  savedAt: number;
  snapshot: unknown;
}

const schema = z.object({
  v: z.literal(1, { error: 'it has a version that this daemon does not know' }),
  machine: z.literal('job'),
  savedAt: z.number(),
  snapshot: z.record(z.string(), z.unknown()),
});

/** Reads a stored text; a string says why it cannot be read. */
export function parseActorRecord(text: string): ActorRecord | string {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    return `it is not JSON (${error instanceof Error ? error.message : error})`;
  }
  const parsed = schema.safeParse(raw);
  return parsed.success ? parsed.data : z.prettifyError(parsed.error).replaceAll('\n', ' ');
}
