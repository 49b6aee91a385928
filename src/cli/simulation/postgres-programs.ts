import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** Where packages of PostgreSQL put the programs of each version, outside the PATH: Debian's, and Homebrew's on a Mac. */
const PACKAGES = [
  { folder: '/usr/lib/postgresql', name: /^\d+$/ },
  { folder: '/opt/homebrew/opt', name: /^postgresql@\d+$/ },
  { folder: '/usr/local/opt', name: /^postgresql@\d+$/ },
];

/**
 * Returns the folder of PostgreSQL's programs: that of the PATH, or the newest version of a package; null when this
 * machine has no server.
 */
export function postgresPrograms(env: NodeJS.ProcessEnv = process.env): string | null {
  const folders = [...(env.PATH ?? '').split(delimiter).filter(Boolean), ...PACKAGES.flatMap(versionsIn)];
  const found = folders.find((folder) =>
    ['initdb', 'postgres'].every((program) => existsSync(join(folder, program))),
  );
  // The PATH may have links to some of them only.
  return found === undefined ? null : dirname(realpathSync(join(found, 'initdb')));
}

function versionsIn({ folder, name }: (typeof PACKAGES)[number]): string[] {
  if (!existsSync(folder)) return [];
  const versions = readdirSync(folder).filter((one) => name.test(one));
  return versions.sort((a, b) => numberOf(b) - numberOf(a)).map((one) => join(folder, one, 'bin'));
}

const numberOf = (version: string) => Number(version.replace('postgresql@', ''));
