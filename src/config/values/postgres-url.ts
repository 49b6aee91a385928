import { parse } from 'pg-connection-string';
import type { Kind } from '../key.ts';
import { secret } from './plain-kinds.ts';

const EXAMPLE = 'postgres://user:password@host:5432/database?sslmode=verify-full';
const CANNOT_BE_READ = `cannot be read as a URL: write ${EXAMPLE}, with %40 for @ and %2F for / in the password.`;

/** The address of a database. No sentence about it quotes it, since it has a password. */
const schema = secret.schema.superRefine((url, ctx) => {
  const problem = problemOf(url);
  if (problem !== null) ctx.addIssue(problem);
});

export const postgresUrl: Kind<typeof schema> = { ...secret, schema, type: 'URL or variable' };

function problemOf(url: string): string | null {
  if (!/^postgres(?:ql)?:\/\//.test(url)) return `is not the URL of a PostgreSQL database: write ${EXAMPLE}.`;
  try {
    const { database } = parse(url);
    // A password with a slash ends up here, where nothing would hide it.
    if (/[@/]/.test(database ?? '')) return CANNOT_BE_READ;
    return database ? null : `names no database: write it after the host, as in ${EXAMPLE}.`;
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (path !== undefined)
      return `names the file ${path} for TLS, which cannot be read (${code}): correct its path or its owner.`;
    return CANNOT_BE_READ;
  }
}

/** Returns the password of an address, as it is written there and as it is sent; the log must show neither. */
export function passwordsOf(url: string): string[] {
  try {
    const { password } = parse(url);
    return password ? [...new Set([password, encodeURIComponent(password)])] : [];
  } catch {
    return [];
  }
}
