import type { HostConfig } from '../../config/schema.ts';
import { MAX_VMS_PER_HOST } from '../../config/sections/agent-keys.ts';
import { tokenVariable } from '../../config/sources/environment.ts';
import { agentUrl } from '../../config/values/http-url.ts';
import { UsageError } from '../command.ts';

/** A Mac that is no longer in the config, as the command line gives it. */
export interface NamedHost {
  url: string;
  tokenFile?: string;
}

/**
 * Returns the named Macs in the form of the config. The name of each is the host and port of its URL; its token comes
 * from its file or from its variable in the environment. Throws a UsageError for a URL that cannot be an agent's, and
 * for a Mac that is named twice or is in the config.
 */
export function removedHosts(
  named: readonly NamedHost[],
  config: readonly HostConfig[],
  env: NodeJS.ProcessEnv,
): HostConfig[] {
  const hosts: HostConfig[] = [];
  for (const { url, tokenFile } of named) {
    const { data, error } = agentUrl.schema.safeParse(url);
    if (data === undefined) throw new UsageError(`--host ${url} ${error?.issues[0]?.message ?? ''}`);
    const same = [...config, ...hosts].find(({ base_url }) => base_url === data);
    if (same) {
      const where = config.includes(same) ? `is ${same.name} of the config` : 'is named already';
      throw new UsageError(`--host ${url} ${where}: leave it out.`);
    }
    const name = new URL(data).host;
    const token = env[tokenVariable(name)];
    hosts.push({
      name,
      base_url: data,
      max_concurrent_vms: MAX_VMS_PER_HOST,
      ...(tokenFile === undefined ? token && { token } : { token_file: tokenFile }),
    });
  }
  return hosts;
}
