import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { type LoadedConfig, loadConfig } from '../../src/config/load-config.ts';
import type { Environment } from '../../src/config/sources/environment.ts';

export const AGENT_TOKEN = '6F9619FF-8B86-D011-B42D-00CF4FC964FF';

/** A private key as GitHub makes it for an App. */
export const APP_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();

/** The smallest configuration that loads; tests change one thing in it. */
export const SMALLEST = {
  github: { token: 'ghp_smallest', owner: 'acme', repository: 'app' },
  labels: { 'jeballto-macos': { image: 'ghcr.io/jeballto/macos-ci:latest' } },
};

/** The text in a config file that stands for the value of an environment variable. */
export const variable = (name: string) => `$\{${name}}`;

/** A folder that is removed after the test; it is the home folder as well. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'jeballto-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

export function writeIn(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** Loads a configuration: text is YAML, anything else is written as JSON. */
export function load(content: unknown, env: Environment = {}, folder = temporaryFolder()): LoadedConfig {
  const path =
    typeof content === 'string'
      ? writeIn(folder, 'config.yaml', content)
      : writeIn(folder, 'config.json', JSON.stringify(content, null, 2));
  return loadConfig({ path, env: { HOME: folder, ...env } });
}

/** The problems of a configuration, as `key: sentence`; fails when there is none. */
export function problemLines(content: unknown, env: Environment = {}, folder = temporaryFolder()): string[] {
  return configErrorOf(() => load(content, env, folder)).problems.map(({ path, message }) =>
    [path, message].filter((part) => part !== '').join(': '),
  );
}

export function configErrorOf(act: () => unknown): ConfigError {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}
