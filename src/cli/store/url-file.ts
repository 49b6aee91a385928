import { readFileSync } from 'node:fs';
import { postgresUrl } from '../../config/values/postgres-url.ts';
import { UsageError } from '../command.ts';

/**
 * Reads the address of a database from a file, or from standard input for `-`: on the command line every user of
 * the machine could read its password. Throws a UsageError that does not quote it.
 */
export function readUrlFile(file: string): string {
  const where = file === '-' ? 'standard input' : file;
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(
      `${where} cannot be read (${(error as NodeJS.ErrnoException).code}): correct its path or its owner.`,
    );
  }
  const { error } = postgresUrl.schema.safeParse(text);
  if (error) throw new UsageError(`What ${where} holds ${error.issues[0]?.message}`);
  return text;
}
