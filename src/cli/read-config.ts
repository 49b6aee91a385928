import { existsSync } from 'node:fs';
import { type LoadedConfig, loadConfig } from '../config/load-config.ts';
import type { Terminal } from './command.ts';

const USUAL = ['config.json', 'config.yaml', 'config.yml'];

/** The config of a command: the file that was named, or the usual one of this folder. Throws a ConfigError. */
export function readConfig(
  given: string | undefined,
  { env }: Pick<Terminal, 'env'>,
): LoadedConfig & { path: string } {
  const path = given ?? USUAL.find((name) => existsSync(name)) ?? 'config.json';
  return { path, ...loadConfig({ path, env }) };
}
