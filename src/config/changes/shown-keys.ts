import type { KeyFacts } from '../key.ts';
import type { Config } from '../schema.ts';
import { type KeyPath, leavesOf, pathText } from '../sections/sections.ts';

/** One key of the config in force, as people may see it. */
export interface ShownKey {
  /** Such as `controller.mode`, `hosts.mac-1.base_url` or `labels["macos 15"].image`. */
  key: string;
  /** As an operator writes it; of a secret it is only said that there is one. */
  value: string;
}

/** One key with a value that must not be shown. */
export interface KnownKey {
  path: KeyPath;
  facts: KeyFacts;
  value: unknown;
}

/** Returns the keys of a config by their texts. A host is called by its name: its place in the list means nothing. */
export function keysOf(config: Config): Map<string, KnownKey> {
  const keys = [...leavesOf(config)].map(({ path, facts, value }): [string, KnownKey] => {
    const [section, at, ...rest] = path;
    const host = section === 'hosts' ? config.hosts[at as number] : undefined;
    const named = host ? [section ?? '', host.name, ...rest] : path;
    return [pathText(named), { path: named, facts, value }];
  });
  return new Map(keys.filter(([, { path }]) => path[0] !== 'hosts' || path[2] !== 'name'));
}

/** Returns the value of a key as people may see it. */
export function shownValue({ facts, value }: Pick<KnownKey, 'facts' | 'value'>): string {
  return facts.secret ? '(secret)' : (facts.print?.(value) ?? String(value));
}

/** Standbys are shown them every second, and a config is not changed. */
const shownBefore = new WeakMap<Config, readonly ShownKey[]>();

/** Returns the whole config, without secrets, in the order of the reference. */
export function shownKeys(config: Config): readonly ShownKey[] {
  const before = shownBefore.get(config);
  if (before !== undefined) return before;
  const shown = [...keysOf(config)].map(([key, known]) => ({ key, value: shownValue(known) }));
  shownBefore.set(config, shown);
  return shown;
}
