import { NO_JOB } from './job/context.ts';

/** The start of every name that is ours: `<prefix>-<controller id>`. */
export type NamePrefix = string;

/** Names of VMs that were made before any job: `<prefix>-<controller id>-0-<epoch ms>`, so that none comes back. */
const WARM = /^0-([1-9]\d{12,14})$/;

/**
 * Name number `number` of a job, for its VM or its runner: `<prefix>-<controller id>-<job id>-<number>`.
 * The numbers of a job id are reserved durably before their first use and never twice, so no name comes back (law 2).
 * They have nine digits at most.
 */
export function resourceName(prefix: NamePrefix, jobId: number, number: number): string {
  return `${prefix}-${jobId}-${number}`;
}

/** What a name says about its owner; null when it is not ours, and then nothing may touch its bearer (law 3). */
export function parseResourceName(
  prefix: NamePrefix,
  name: string,
): { jobId: number; number: number } | null {
  if (!name.startsWith(`${prefix}-`)) return null;
  const rest = name.slice(prefix.length + 1);
  const warm = WARM.exec(rest);
  if (warm) return { jobId: NO_JOB, number: Number(warm[1]) };
  const match = /^([1-9]\d{0,15})-([1-9]\d{0,8})$/.exec(rest);
  return match ? { jobId: Number(match[1]), number: Number(match[2]) } : null;
}

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
