import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import type { KeyProblem } from './config-error.ts';
import { factsAt, type KeyPath, keyPattern, namesUnder, SECTIONS } from './sections/sections.ts';

/** Returns the schema's issues as problems of keys: one for each unknown key. */
export function problemsOf(issues: readonly z.core.$ZodIssue[]): KeyProblem[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' && !isInsideKey(issue.path)
      ? issue.keys.map((key) => ({ path: [...issue.path, key], message: unknownKeyMessage(issue.path, key) }))
      : [{ path: issue.path, message: issue.message }],
  );
}

/**
 * Zod's error map, for problems that have no sentence of their own in the schema: missing keys, and sections
 * that are not maps.
 */
export function describeIssue({ code, input, path = [] }: z.core.$ZodRawIssue): string | undefined {
  if (code !== 'invalid_type') return undefined;
  const section = SECTIONS[String(path[0])];
  if (input === undefined) return `is missing. ${factsAt(path)?.meaning ?? section?.meaning ?? ''}`;
  const within =
    section?.form === 'named' && path.length === 1 ? 'names, and under each name some of ' : 'some of ';
  return `must hold ${within}these keys: ${namesUnder(path).join(', ')}.`;
}

/** Whether the path leads into the value of a key, whose schema has sentences of its own. */
const isInsideKey = (path: KeyPath) => path.some((_, length) => factsAt(path.slice(0, length)) !== undefined);

/** The message for a key that does not exist at its place: a typing error, or a key of another section. */
function unknownKeyMessage(path: KeyPath, key: string): string {
  const known = namesUnder(path);
  const nearest = nearestName(key, known);
  const elsewhere = placesOf(key);
  // A key that belongs to another section is not a misspelling of a similar key.
  const isMisplaced = elsewhere.length > 0 && spellingOf(nearest) !== spellingOf(key);
  if (isTypingError(key, nearest) && !isMisplaced) return `is not a key here. Did you mean ${nearest}?`;
  if (isMisplaced) return `is not a key here. Its place is ${elsewhere.join(' or ')}: move it there.`;
  return `is not a key here. The most similar key is ${nearest}; all keys here: ${known.join(', ')}.`;
}

/** Returns the known name with the smallest edit distance; case does not count. */
export function nearestName(name: string, known: readonly string[]): string {
  const plain = (text: string) => text.toLowerCase();
  const found = closest(plain(name), known.map(plain));
  return known.find((one) => plain(one) === found) ?? '';
}

/**
 * Two letters in five may differ, so `pollInterval` and `poll-interval` count as typing errors of
 * `poll_interval`.
 */
function isTypingError(key: string, nearest: string): boolean {
  return distance(key.toLowerCase(), nearest.toLowerCase()) <= Math.max(1, Math.floor(nearest.length * 0.4));
}

function placesOf(key: string): string[] {
  return Object.entries(SECTIONS).flatMap(([section, { keys }]) =>
    Object.keys(keys)
      .filter((known) => spellingOf(known) === spellingOf(key))
      .map((known) => keyPattern(section, known).replace('.*', section === 'hosts' ? '[]' : '.<label>')),
  );
}

/** `pollInterval` and `poll-interval` are spellings of `poll_interval`. */
function spellingOf(key: string): string {
  return key.toLowerCase().replace(/[-_]/g, '');
}
