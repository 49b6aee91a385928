import type { Config } from '../../config/schema.ts';
import { resolveReceiverUrl } from '../../config/sources/receiver-url.ts';
import type { Receiver } from '../../notices/receiver.ts';
import type { Ports } from './ports.ts';

/**
 * Returns the receivers of notifications that the config names, with their URLs; nothing is sent yet. Rejects with a
 * ConfigError when a URL cannot be read.
 */
export function connectReceivers(
  { notify }: Pick<Config, 'notify'>,
  env: NodeJS.ProcessEnv,
  ports: Pick<Ports, 'fetch' | 'proxyFor'>,
): Promise<Receiver[]> {
  return Promise.all(
    Object.entries(notify).map(async ([name, keys]): Promise<Receiver> => {
      const url = await resolveReceiverUrl(name, keys, env);
      const { form, on, oldest_wait: oldestWait } = keys;
      return { name, form, url, on, oldestWait, fetch: ports.proxyFor(url, env)?.fetch ?? ports.fetch };
    }),
  );
}
