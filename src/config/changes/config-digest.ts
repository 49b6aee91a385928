import { createHash } from 'node:crypto';
import type { Config } from '../schema.ts';
import { shownKeys } from './shown-keys.ts';

/** Characters; enough to tell configs apart, and few enough to compare by eye. */
const LENGTH = 12;

/** Standbys are shown it every second, and a config is not changed. */
const known = new WeakMap<Config, string>();

/**
 * Returns a short text that is the same for two configs with the same meaning, whatever the order and the form of their
 * files. Secrets are not in it, since a digest of a short secret would give it away. The order of labels is: a job gets
 * the first profile that matches it.
 */
export function configDigest(config: Config): string {
  const before = known.get(config);
  if (before !== undefined) return before;
  const keys = shownKeys(config).toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const text = JSON.stringify([keys, Object.keys(config.labels)]);
  const digest = createHash('sha256').update(text).digest('hex').slice(0, LENGTH);
  known.set(config, digest);
  return digest;
}
