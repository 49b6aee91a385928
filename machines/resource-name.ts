import { NO_JOB } from './job/context.ts';

/** The start of every name that is ours: `<prefix>-<controller id>`. */
export type NamePrefix = string;

/** Names of VMs that were made before any job: `<prefix>-<controller id>-0-<epoch ms>`, so that none comes back. */
const WARM = /^0-([1-9]\d{12,14})$/;

/**
 * Name number `number` of a job, for its VM or its runner: `<prefix>-<controller id>-<job id>-<number>`.
 * A job counts its numbers up and never gives one twice, so no name comes back (law 2).
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
  const match = /^([1-9]\d{0,15})-([1-9]\d{0,5})$/.exec(rest);
  return match ? { jobId: Number(match[1]), number: Number(match[2]) } : null;
}
