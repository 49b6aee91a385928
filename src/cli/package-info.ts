import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PackageInfo {
  name: string;
  version: string;
}

/** Returns the package of this file, which may run as source, from the build, or installed. */
export function packageInfo(): PackageInfo {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const info = readPackage(join(folder, 'package.json'));
    if (info?.name === 'jeballto-runner') return info;
    if (folder === dirname(folder)) throw new Error('the package.json of jeballto-runner is missing');
  }
}

function readPackage(path: string): PackageInfo | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as PackageInfo;
  } catch {
    return null;
  }
}
