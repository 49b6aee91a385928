import { NO_JOB } from './job/context.ts';

/** The start of every name that is ours: `<prefix>-<controller id>`. */
export type NamePrefix = string;

/** The end of the name of a VM that was made before any job: `0-<epoch ms>`, so that no name is used twice. */
const WARM = /^0-([1-9]\d{12,14})$/;

/**
 * Name number `number` of a job, for its VM or its runner: `<prefix>-<controller id>-<job id>-<number>`. The numbers of
 * a job id are reserved durably before their first use and never twice, so no name is used again (law 2). They have
 * nine digits at most.
 */
export function resourceName(prefix: NamePrefix, jobId: number, number: number): string {
  return `${prefix}-${jobId}-${number}`;
}

/**
 * Returns what a name says about its owner; null when it is not ours, and then nothing may touch the VM or runner of
 * that name (law 3).
 */
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
 * Names of base VMs, from which the VMs of jobs are cloned: `<prefix>-<controller id>-base-<key>`, where the key
 * identifies the contents of the VM. `-new-<nonce>` follows while the VM is being made, so a name of the first form
 * means that the VM is complete. No VM of a job has such a name, and none of another daemon with any prefix: their
 * names end in two numbers, and `base-<key>` has one part less.
 */
export function baseName(prefix: NamePrefix, key: string): string {
  return `${prefix}-base-${key}`;
}

/** `nonce`, lower-case letters and digits, makes the name different from that of every earlier try. */
export function unfinishedBaseName(prefix: NamePrefix, key: string, nonce: string): string {
  return `${baseName(prefix, key)}-new-${nonce}`;
}

/** Returns the parts of the name of a base VM of ours; null for every other name (law 3). */
export function parseBaseName(prefix: NamePrefix, name: string): { key: string; isComplete: boolean } | null {
  if (!name.startsWith(`${prefix}-base-`)) return null;
  const match = /^([0-9a-f]{16})(-new-[0-9a-z]{1,16})?$/.exec(name.slice(`${prefix}-base-`.length));
  return match?.[1] ? { key: match[1], isComplete: match[2] === undefined } : null;
}
