import type { RunnerScope } from '../../machines/job/context.ts';
import type { EffectWorld } from '../effects/effect-world.ts';
import { scopeName } from '../github/runners/runner-scope.ts';
import type { Reality } from './plan-collection.ts';

/** A `Reality` with facts that are only for people. */
export interface SeenReality extends Reality {
  /** `createdAt` in epoch ms, on the host's clock. */
  vms: (Reality['vms'][number] & { createdAt: number })[];
}

export interface RealityOptions {
  world: Pick<EffectWorld, 'agent' | 'github'>;
  hosts: readonly string[];
  scopes: readonly RunnerScope[];
  /** Limits the time of one request, so that a host or GitHub that hangs costs only that request. */
  within<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Called with why the VMs of a host, or the runners of a scope, are unknown. */
  onUnseen(what: { host: string } | { scope: string }, error: unknown): void;
}

/**
 * Lists the VMs of all hosts, and then the runners of all scopes, each in parallel. Names what did not
 * respond.
 */
export async function readReality(options: RealityOptions): Promise<SeenReality> {
  const { world, hosts, scopes, within, onUnseen } = options;
  const reality: SeenReality = { vms: [], runners: [], unseenHosts: [], unseenScopes: [] };
  const vms = await Promise.all(
    hosts.map(async (host) => {
      try {
        return await within((signal) => world.agent(host).listVms({ signal }));
      } catch (error) {
        reality.unseenHosts.push(host);
        onUnseen({ host }, error);
        return [];
      }
    }),
  );
  reality.vms = vms.flatMap((listed, n) =>
    listed.map(({ id, name, state, createdAt }) => ({
      host: hosts[n] ?? '',
      id,
      name,
      state,
      createdAt,
    })),
  );
  // Read after the VMs: a runner whose VM was made in between is seen once without a VM, and once is not
  // enough to act.
  const runners = await Promise.all(
    scopes.map(async (scope) => {
      try {
        return await within((signal) => world.github.listRunners(scope, { signal, purpose: 'rechecks' }));
      } catch (error) {
        reality.unseenScopes.push(scopeName(scope));
        onUnseen({ scope: scopeName(scope) }, error);
        return [];
      }
    }),
  );
  reality.runners = runners.flatMap((listed, n) =>
    listed.map(({ id, name, status, busy }) => ({
      scope: scopeName(scopes[n] as RunnerScope),
      id,
      name,
      online: status === 'online',
      busy,
    })),
  );
  return reality;
}
