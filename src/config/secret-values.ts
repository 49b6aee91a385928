import type { Config } from './schema.ts';
import { leavesOf } from './sections/sections.ts';
import { passwordsOf } from './values/postgres-url.ts';

/**
 * Returns every secret of a configuration, for redaction. The contents of token files and private key files and the
 * output of token commands are not included, since they have not been read yet.
 */
export function secretValues(config: Config): string[] {
  const { url } = config.store;
  // Errors and other texts may have the password without the address around it.
  const passwords = url === undefined ? [] : passwordsOf(url);
  const values = [...leavesOf(config)]
    .filter(({ facts }) => facts.secret)
    .flatMap(({ value }) => value)
    .filter((value) => typeof value === 'string');
  return [...values, ...passwords];
}
