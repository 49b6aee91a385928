import type { Config, HostConfig } from '../../config/schema.ts';
import type { Predecessor } from './handed-over.ts';

/**
 * Returns the hosts of the earlier config: those that left it, and whether a host of this name is the same Mac.
 */
export function hostsAfterReload(config: Config, before: Pick<Predecessor, 'config' | 'leaving'> | null) {
  const old = before ? [...before.config.hosts, ...before.leaving()] : [];
  const find = (hosts: readonly HostConfig[], wanted: string) => hosts.find(({ name }) => name === wanted);
  return {
    leaving: old.filter(({ name }) => !find(config.hosts, name)),
    isSameHost(name: string): boolean {
      const [was, is] = [find(old, name), find(config.hosts, name)];
      return was !== undefined && (is === undefined || is.base_url === was.base_url);
    },
  };
}
