import { StoreError } from '../../store-error.ts';
import { fixOf } from './fix-of.ts';

/** Returns why a database that is in use fails now, and what to do. All that uses it tries again by itself. */
export function explainTrouble(error: unknown): string {
  if (error instanceof StoreError) return error.message;
  const { message, fix } = fixOf(error);
  return `${message}: ${fix ?? 'look at the log of the database server.'}`;
}
