import type { RunnerScope } from '../../machines/job/context.ts';
import { isPoweredOn } from '../agent/vm-state.ts';
import type { EffectWorld } from '../effects/effect-world.ts';
import { DaemonError } from '../errors.ts';
import { scopeName } from '../github/runners/runner-scope.ts';
import type { CollectionStep } from './plan-collection.ts';

/**
 * Removes what a look has shown, after a second look at this one thing: the list may be out of date. Rejects
 * with VM_BUSY or RUNNER_BUSY when the thing came into use since.
 */
export async function removeStray(
  world: Pick<EffectWorld, 'agent' | 'github'>,
  scopes: readonly RunnerScope[],
  step: CollectionStep,
  signal: AbortSignal,
): Promise<void> {
  if (step.kind === 'runner') return removeRunner(world, scopes, step, signal);
  const { host, id, name, state } = step;
  const client = world.agent(host);
  const now = await client.vmState(id, { signal });
  if (now !== null && isPoweredOn(now) && !isPoweredOn(state)) {
    throw new DaemonError('VM_BUSY', `The VM ${name} came into use after the list was made: it is ${now}.`);
  }
  await client.deleteVm(id, { signal });
}

async function removeRunner(
  { github }: Pick<EffectWorld, 'github'>,
  scopes: readonly RunnerScope[],
  step: CollectionStep & { kind: 'runner' },
  signal: AbortSignal,
): Promise<void> {
  const scope = scopes.find((candidate) => scopeName(candidate) === step.scope);
  if (!scope) return;
  const inUse = new DaemonError(
    'RUNNER_BUSY',
    `The runner ${step.name} came into use after the list was made.`,
  );
  const now = await github.findRunnerToRemove(scope, step.name, { signal, purpose: 'teardown', id: step.id });
  if (now === null) return;
  if (now.busy || now.status === 'online') throw inUse;
  if ((await github.removeRunner(scope, now.id, { signal })) === 'busy') throw inUse;
}
