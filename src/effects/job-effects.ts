import { fromPromise, type PromiseActorLogic } from 'xstate';
import { JOB_ACTOR } from '../../machines/job/effects.ts';
import type { Effect, EffectName, Input, Output } from './effect.ts';
import type { EffectTracer } from './effect-tracer.ts';
import type { EffectWorld } from './effect-world.ts';
import { askGuest } from './guest/ask-guest.ts';
import { connectGuest } from './guest/connect-guest.ts';
import { probeGuest } from './guest/probe-guest.ts';
import { askGitHub, recheckJob } from './runner/ask-github.ts';
import { confirmOnline } from './runner/confirm-online.ts';
import { launchRunner } from './runner/launch-runner.ts';
import { obtainRunnerConfig } from './runner/obtain-runner-config.ts';
import { deregisterRunner, removeRunner } from './runner/remove-runner.ts';
import { watchRunner } from './runner/watch-runner.ts';
import { createVm } from './vm/create-vm.ts';
import { deleteVm } from './vm/delete-vm.ts';
import { openVm } from './vm/open-vm.ts';
import { startVm } from './vm/start-vm.ts';

export const EFFECTS = {
  createVm,
  startVm,
  connectGuest,
  probeGuest,
  obtainRunnerConfig,
  launchRunner,
  confirmOnline,
  watchRunner,
  recheckJob,
  askGitHub,
  askGuest,
  deregisterRunner,
  openVm,
  deleteVm,
  removeRunner,
} satisfies { [Name in EffectName]: Effect<Name> };

type EffectActors = { [Name in EffectName]: PromiseActorLogic<Output<Name>, Input<Name>> };

/**
 * The effects as `machine.provide` takes them, with the durability barrier of law 1. XState starts an invoked
 * promise *before* its subscribers run, so the barrier first lets the synchronous transition end (the
 * subscriber has then put the new snapshot), and then waits until that snapshot is on disk. Most effects
 * begin after the barrier. An early effect looks at the world while the disk writes, passes the barrier
 * before it changes anything, and ends after it: when the disk fails, a job gets at most one step ahead of
 * it.
 */
export function jobEffects(world: EffectWorld, durable: () => Promise<void>, tracer: EffectTracer) {
  const transitionStored = async () => {
    await null;
    await durable();
  };
  const actorOf = <Name extends EffectName>(effect: Effect<Name>) =>
    fromPromise<Output<Name>, Input<Name>>(({ input, system, signal }) => {
      const key: string = system.get(JOB_ACTOR)?.id ?? '';
      const stored = transitionStored();
      const ordered = async () => {
        await stored;
        signal.throwIfAborted();
      };
      const traced = (work: () => Promise<Output<Name>>) => tracer.trace(key, effect.name, signal, work);
      if (effect.looksEarly) {
        return traced(() => effect.run(world, input, signal, ordered).finally(() => stored));
      }
      return ordered().then(() => traced(() => effect.run(world, input, signal)));
    });
  return Object.fromEntries(
    Object.entries(EFFECTS).map(([name, effect]) => [name, actorOf(effect)]),
  ) as EffectActors;
}
