import { StoreError } from '../../store-error.ts';
import { fixOf } from './fix-of.ts';

/** Returns why a database cannot be opened or read, and what to do. `place` has no password. */
export function explainPostgres(place: string, error: unknown): string {
  if (error instanceof StoreError) return `The store in ${place} cannot be used: ${error.message}`;
  const { message, fix } = fixOf(error);
  const next = fix ?? 'fix what it names, and try again; nothing in the store is lost.';
  return `The store in ${place} cannot be opened (${message}): ${next}`;
}
