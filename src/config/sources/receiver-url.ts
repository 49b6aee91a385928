import { ConfigError } from '../config-error.ts';
import type { Config } from '../schema.ts';
import { webhookUrlProblem } from '../values/webhook-url.ts';
import type { Environment } from './environment.ts';
import { readSecretFile, runSecretCommand, UnreadableSecret } from './read-secret.ts';

/**
 * Returns the URL of a receiver of notifications: the one in the config, else in its file, else what its
 * command prints. Rejects with a ConfigError, in which nothing of the URL is.
 */
export async function resolveReceiverUrl(
  name: string,
  { url, url_file: file, url_command: command }: Config['notify'][string],
  env: Environment,
): Promise<string> {
  if (url !== undefined) return url;
  const key = file === undefined ? 'url_command' : 'url_file';
  try {
    const read =
      file === undefined ? await runSecretCommand(command ?? [], 'URL', env) : readSecretFile(file, 'URL');
    const problem = webhookUrlProblem(read);
    if (problem === null) return read;
    throw new UnreadableSecret(`gives a text that ${problem}`);
  } catch (error) {
    if (!(error instanceof UnreadableSecret)) throw error;
    throw new ConfigError([{ path: `notify.${name}.${key}`, message: error.message }]);
  }
}
