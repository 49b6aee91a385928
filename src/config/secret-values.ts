import { keyFacts } from './key.ts';
import type { Config } from './schema.ts';
import { keyPattern, leavesOf, SECTIONS } from './sections/sections.ts';

/** Where secrets stand in a configuration, in the notation of pino's redaction: `hosts[*].token`. */
export const secretPaths: string[] = Object.entries(SECTIONS).flatMap(([section, { keys }]) =>
  Object.entries(keys)
    .filter(([, schema]) => keyFacts.get(schema)?.secret)
    .map(([key]) => keyPattern(section, key).replaceAll('.*', '[*]')),
);

/**
 * Every secret of a configuration, for redaction by value. Not among them: what a token file, a token command or a
 * private key file holds, since nothing has read it yet.
 */
export function secretValues(config: Config): string[] {
  return [...leavesOf(config)]
    .filter(({ facts }) => facts.secret)
    .map(({ value }) => value)
    .filter((value) => typeof value === 'string');
}
