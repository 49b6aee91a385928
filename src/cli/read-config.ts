import { existsSync } from 'node:fs';
import { type LoadedConfig, loadConfig } from '../config/load-config.ts';
import type { Terminal } from './command.ts';

const DEFAULT_FILES = ['config.json', 'config.yaml', 'config.yml'];

/** Loads the config of a command: the named file, or the default one of this folder. Throws a ConfigError. */
export function readConfig(
  given: string | undefined,
  { env }: Pick<Terminal, 'env'>,
): LoadedConfig & { path: string } {
  const path = given ?? DEFAULT_FILES.find((name) => existsSync(name)) ?? 'config.json';
  return { path, ...loadConfig({ path, env }) };
}
