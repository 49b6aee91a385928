import type { RunnerScope } from '../../machines/job/context.ts';
import type { EffectWorld } from '../effects/effect-world.ts';
import { scopeName } from '../github/runners/runner-scope.ts';
import type { Reality } from './plan-collection.ts';

/** A `Reality` with what only a person wants to know. */
export interface SeenReality extends Reality {
  /** `createdAt` in epoch ms, on the host's clock. */
  vms: (Reality['vms'][number] & { createdAt: number })[];
}

export interface RealityOptions {
  world: Pick<EffectWorld, 'agent' | 'github'>;
  hosts: readonly string[];
  scopes: readonly RunnerScope[];
  /** Bounds one question, so that a host or GitHub that hangs costs only what it was asked for. */
  within<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Why the VMs of a host, or the runners of a scope, are unknown. */
  onUnseen(what: { host: string } | { scope: string }, error: unknown): void;
}

/** Lists the VMs of all hosts, and then the runners of all scopes, each side by side. What does not answer is named. */
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
  // Read after the VMs: a runner whose VM came in between is seen with no VM once, and once is not enough.
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
