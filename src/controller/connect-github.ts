import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/schema.ts';
import { createGitHub, type GitHub } from '../github/github.ts';

/** GitHub with the credentials of the config. Throws a ConfigError when the App's key cannot be read. */
export function connectGitHub(
  { github }: Pick<Config, 'github'>,
  clock: Clock,
  log?: Logger,
  send?: typeof fetch,
): GitHub {
  const { token, app_id, app_private_key_path, installation_id } = github;
  const auth =
    token === undefined
      ? {
          appId: app_id ?? 0,
          privateKey: readKey(app_private_key_path ?? ''),
          installationId: installation_id ?? 0,
        }
      : { token };
  return createGitHub({ apiUrl: github.api_url, auth, clock, log, ...(send && { fetch: send }) });
}

function readKey(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError([
      { path: 'github.app_private_key_path', message: `cannot read the App's private key: ${why}` },
    ]);
  }
}
