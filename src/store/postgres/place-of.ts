import { parse } from 'pg-connection-string';

/** Returns a database's address for people: without user, password and options. */
export function placeOf(url: string): string {
  const { host, port, database } = parse(url);
  return `postgres://${host || 'localhost'}${port ? `:${port}` : ''}/${database ?? ''}`;
}
