import type { z } from 'zod';
import { type KeyFacts, keyFacts } from '../key.ts';
import { hostKeys, jeballtoKeys } from './agent-keys.ts';
import { controllerKeys } from './controller-keys.ts';
import { adminKeys, logKeys, storeKeys } from './daemon-keys.ts';
import { githubKeys } from './github-keys.ts';
import { notifyKeys } from './notify-keys.ts';
import { profileKeys } from './profile-keys.ts';
import { runnerKeys } from './runner-keys.ts';
import { timeoutKeys } from './timeout-keys.ts';

export type KeyPath = readonly PropertyKey[];

export interface Section {
  /**
   * `one`: the section contains the keys itself; `list`: a list of items with these keys; `named`: a map of
   * such items by name.
   */
  form: 'one' | 'list' | 'named';
  /** What the name of an item stands for. */
  element?: string;
  keys: Record<string, z.ZodType>;
  /** The text above its keys in the reference. */
  meaning: string;
}

/** Everything that a configuration file may contain, in the order of the reference. */
export const SECTIONS: Record<string, Section> = {
  github: {
    form: 'one',
    keys: githubKeys,
    meaning:
      'Whose jobs are served, and how the daemon logs in to GitHub: with `token`, or with the three keys of an App.',
  },
  jeballto: {
    form: 'one',
    keys: jeballtoKeys,
    meaning: 'The agent, when there is one Mac. Several Macs are listed in `hosts` instead.',
  },
  hosts: {
    form: 'list',
    keys: hostKeys,
    meaning: 'The Macs, when there are several. Leave `jeballto` out then.',
  },
  controller: { form: 'one', keys: controllerKeys, meaning: 'How the daemon works.' },
  runner: {
    form: 'one',
    keys: runnerKeys,
    meaning: 'The guest in the image, and how its runner is registered.',
  },
  labels: {
    form: 'named',
    element: 'label',
    keys: profileKeys,
    meaning:
      'At least one profile: what kind of VM a job with this label gets (image, size, lifetime). A job gets a VM when its `runs-on` names this label and no label that the runner lacks.',
  },
  timeouts: {
    form: 'one',
    keys: timeoutKeys,
    meaning:
      'How long each state of a job may last before the attempt counts as failed, and how long the teardown waits. A restart extends none of these times. If one ends while the daemon is down or asleep, at most a minute is added at the next start or wake-up: in it the daemon first asks what the real state is.',
  },
  store: { form: 'one', keys: storeKeys, meaning: 'The database with the records of running jobs.' },
  admin: { form: 'one', keys: adminKeys, meaning: 'The listener for operators.' },
  notify: {
    form: 'named',
    element: 'receiver',
    keys: notifyKeys,
    meaning:
      'Receivers of notifications, which report what needs a person and when that is over. Each has a name of your choice.',
  },
  log: { form: 'one', keys: logKeys, meaning: 'What is written to standard output.' },
};

const ELEMENT = { one: [], list: ['*'], named: ['*'] };

/** Returns the path of a key with `*` for the place in a list or the name in a map: `hosts.*.token`. */
export function keyPattern(section: string, key: string): string {
  return [section, ...ELEMENT[SECTIONS[section]?.form ?? 'one'], key].join('.');
}

/** Returns a path as operators write it: `hosts[1].base_url`, `labels["macos 15.2"].image`. */
export function pathText(path: KeyPath): string {
  const parts = path.map((part) => {
    if (typeof part === 'number') return `[${part}]`;
    return /^[\w-]+$/.test(String(part)) ? `.${String(part)}` : `[${JSON.stringify(String(part))}]`;
  });
  return parts.join('').replace(/^\./, '');
}

/** Returns the names that are allowed directly under a path: sections at the top, keys below them. */
export function namesUnder(path: KeyPath): string[] {
  if (path.length === 0) return Object.keys(SECTIONS);
  return Object.keys(sectionAt(path)?.keys ?? {});
}

/** Returns the facts of the key at a path; undefined when there is no such key. */
export function factsAt(path: KeyPath): KeyFacts | undefined {
  const section = sectionAt(path);
  if (!section) return undefined;
  const [key, ...beyond] = path.slice(section.form === 'one' ? 1 : 2);
  const schema = typeof key === 'string' && Object.hasOwn(section.keys, key) ? section.keys[key] : undefined;
  return schema && beyond.length === 0 ? keyFacts.get(schema) : undefined;
}

function sectionAt([first]: KeyPath): Section | undefined {
  return typeof first === 'string' && Object.hasOwn(SECTIONS, first) ? SECTIONS[first] : undefined;
}

export interface Leaf {
  path: KeyPath;
  facts: KeyFacts;
  value: unknown;
  set(value: unknown): void;
}

/**
 * Every known key that has a value, in the content of a file or in a parsed configuration; `set` changes the
 * value in place.
 */
export function* leavesOf(content: object): Generator<Leaf> {
  for (const [name, { form }] of Object.entries(SECTIONS)) {
    const section = (content as Record<string, unknown>)[name];
    if (!isMap(section) && !Array.isArray(section)) continue;
    const holders: [KeyPath, unknown][] =
      form === 'one'
        ? [[[name], section]]
        : Array.isArray(section)
          ? section.map((item, index) => [[name, index], item])
          : Object.entries(section).map(([key, item]) => [[name, key], item]);
    for (const [path, holder] of holders) if (isMap(holder)) yield* leavesIn(path, holder);
  }
}

function* leavesIn(path: KeyPath, holder: Record<string, unknown>): Generator<Leaf> {
  for (const [key, value] of Object.entries(holder)) {
    const facts = factsAt([...path, key]);
    const set = (changed: unknown) => {
      holder[key] = changed;
    };
    if (facts && value !== undefined) yield { path: [...path, key], facts, value, set };
  }
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
