import type { z } from 'zod';
import { factsAt, type KeyPath, namesUnder, SECTIONS } from './sections/sections.ts';
import { unknownKeyMessage } from './unknown-keys.ts';

/** A problem or a warning about a key, before it is known where the key stands. */
export interface Finding {
  path: KeyPath;
  message: string;
}

/** The schema's issues as findings: one for each unknown key. */
export function findingsOf(issues: readonly z.core.$ZodIssue[]): Finding[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: [...issue.path, key], message: unknownKeyMessage(issue.path, key) }))
      : [{ path: issue.path, message: issue.message }],
  );
}

/** Zod's error map, for what has no sentence of its own in the schema: keys and sections that are missing or no map. */
export function describeIssue({ code, input, path = [] }: z.core.$ZodRawIssue): string | undefined {
  if (code !== 'invalid_type') return undefined;
  const section = SECTIONS[String(path[0])];
  if (input === undefined) return `is missing. ${factsAt(path)?.meaning ?? section?.meaning ?? ''}`;
  const within = section?.form === 'named' && path.length === 1 ? 'names, and under each of them ' : '';
  return `takes ${within}keys of its own: ${namesUnder(path).join(', ')}.`;
}
