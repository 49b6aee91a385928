import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const VERSION = '14.3.2';
const FOLDER = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', `bench-probot-${VERSION}`);

/**
 * Installs Probot for the bench only: with its 90 MB it is not for `npm ci`. Rejects with npm's own message.
 */
export async function probotFolder(): Promise<string> {
  if (existsSync(join(FOLDER, 'node_modules', 'probot'))) return FOLDER;
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, 'package.json'), '{"private":true}');
  const options = ['install', `probot@${VERSION}`, '--ignore-scripts', '--no-audit', '--no-fund'];
  await promisify(execFile)('npm', options, { cwd: FOLDER, timeout: 120_000 });
  return FOLDER;
}
