import type { Config } from './schema.ts';
import { leavesOf } from './sections/sections.ts';

/**
 * Every secret of a configuration, for redaction. The contents of token files and private key files and the
 * output of token commands are not included, since they have not been read yet.
 */
export function secretValues(config: Config): string[] {
  return [...leavesOf(config)]
    .filter(({ facts }) => facts.secret)
    .flatMap(({ value }) => value)
    .filter((value) => typeof value === 'string');
}
