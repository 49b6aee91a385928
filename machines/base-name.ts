import type { NamePrefix } from './resource-name.ts';

/**
 * Names of base VMs, which jobs' VMs are cloned from: `<prefix>-<controller id>-base-<key>`, where the key stands for
 * what the VM holds; and `…-new-<nonce>` behind it for as long as one is being made, so that a name of the first form
 * says "complete". No VM of a job bears such a name, nor one of another daemon, whatever its prefix: theirs end in
 * two numbers, and `base-<key>` is one part short of that.
 */
export function baseName(prefix: NamePrefix, key: string): string {
  return `${prefix}-base-${key}`;
}

/** `nonce`, lower-case letters and digits, makes a name that no earlier try had. */
export function unfinishedBaseName(prefix: NamePrefix, key: string, nonce: string): string {
  return `${baseName(prefix, key)}-new-${nonce}`;
}

/** What the name of a base of ours says; null for every other name (law 3). */
export function parseBaseName(prefix: NamePrefix, name: string): { key: string; isComplete: boolean } | null {
  if (!name.startsWith(`${prefix}-base-`)) return null;
  const match = /^([0-9a-f]{16})(-new-[0-9a-z]{1,16})?$/.exec(name.slice(`${prefix}-base-`.length));
  return match?.[1] ? { key: match[1], isComplete: match[2] === undefined } : null;
}
