import type { Clock } from '../clock.ts';
import type { Store } from '../store/store.ts';
import type { JobActors } from './job-actors.ts';

/** Numbers for the names of one VM and its runners; a runner takes a further one when its configuration was lost. */
export const NUMBERS_FOR_A_VM = 100;

/**
 * Reserves numbers for the names of one more VM of a job id. They are stored in the same batch as the record
 * that uses them, and are above all numbers that were ever reserved or that a live actor has (law 2).
 * `above`: numbers up to this one are taken for another reason.
 */
export function reserveNumbers(
  { store, actors, clock }: { store: Store; actors: JobActors; clock: Clock },
  jobId: number,
  above = 0,
): { first: number; last: number } {
  // A record of an earlier version in quarantine may have used numbers that no counter has.
  const lives = store.quarantine.keys().filter((key) => key.split('.')[0] === String(jobId)).length;
  const taken = Math.max(
    store.names.lastOf(jobId),
    actors.lastNumber(jobId),
    lives * 1000,
    Math.floor(above),
  );
  const [first, last] = [taken + 1, taken + NUMBERS_FOR_A_VM];
  store.names.put(jobId, last, clock.now());
  return { first, last };
}
