import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../schema.ts';
import { pathText } from '../sections/sections.ts';
import { type KnownKey, keysOf, shownValue } from './shown-keys.ts';

/** What one config has that another has not, without secrets. */
export interface ConfigChange {
  /** A key, or a host, a label or a receiver that is there as a whole or not. */
  key: string;
  what: 'added' | 'removed' | 'changed';
  /** The values before and after; left out for secrets, and where there is none. */
  from?: string;
  to?: string;
  /** It takes effect at the next start only. */
  needsRestart?: true;
}

/** Sections whose items come and go as a whole. */
const ITEMS = ['hosts', 'labels', 'notify'];

/** Returns the difference of two configs: what the later one has, in the order of the reference, then what it lacks. */
export function configChanges(before: Config, after: Config): ConfigChange[] {
  const [old, now] = [keysOf(before), keysOf(after)];
  const changes = new Map<string, ConfigChange>();
  for (const key of new Set([...now.keys(), ...old.keys()])) {
    const change = changeOf(key, old.get(key), now.get(key), before, after);
    if (change) changes.set(change.key, change);
  }
  const [labels, reordered] = [Object.keys(before.labels), Object.keys(after.labels)];
  const isReordered = labels.length === reordered.length && !isDeepStrictEqual(labels, reordered);
  if (isReordered && labels.every((label) => label in after.labels)) {
    const [from, to] = [labels.join(', '), reordered.join(', ')];
    changes.set('labels', { key: 'labels', what: 'changed', from, to });
  }
  return [...changes.values()];
}

function changeOf(
  key: string,
  old: KnownKey | undefined,
  now: KnownKey | undefined,
  before: Config,
  after: Config,
): ConfigChange | null {
  const known = now ?? old;
  if (!known || isDeepStrictEqual(old?.value, now?.value)) return null;
  const item = itemOf(known);
  if (item && hasItem(before, item) !== hasItem(after, item)) {
    return { key: pathText(item), what: hasItem(after, item) ? 'added' : 'removed' };
  }
  const { secret, needsRestart } = known.facts;
  return {
    key,
    what: 'changed',
    ...(!secret && old && { from: shownValue(old) }),
    ...(!secret && now && { to: shownValue(now) }),
    ...(needsRestart && { needsRestart }),
  };
}

type Item = readonly [section: string, name: string];

/** The host or the label to which a key belongs. */
function itemOf({ path }: KnownKey): Item | null {
  const [section, name] = path.map(String);
  return section !== undefined && name !== undefined && ITEMS.includes(section) ? [section, name] : null;
}

function hasItem({ hosts, labels, notify }: Config, [section, name]: Item): boolean {
  if (section === 'hosts') return hosts.some((host) => host.name === name);
  return Object.hasOwn(section === 'labels' ? labels : notify, name);
}

/** Returns one change as a line for people: `labels.mac.image: a → b`. */
export function changeLine({ key, what, from, to }: ConfigChange): string {
  if (what !== 'changed') return `${key}: ${what}`;
  if (from === undefined && to === undefined) return `${key}: changed`;
  return `${key}: ${from ?? '(not set)'} → ${to ?? '(not set)'}`;
}
