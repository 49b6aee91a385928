import { fromPromise, type PromiseActorLogic } from 'xstate';
import type { EffectTracer } from './effect-tracer.ts';
import type { EarlyEffect, Effect, EffectWorld } from './effect-world.ts';
import { askGuest } from './guest/ask-guest.ts';
import { connectGuest } from './guest/connect-guest.ts';
import { probeGuest } from './guest/probe-guest.ts';
import { confirmOnline } from './runner/confirm-online.ts';
import { deregisterRunner } from './runner/deregister-runner.ts';
import { launchRunner } from './runner/launch-runner.ts';
import { obtainRunnerConfig } from './runner/obtain-runner-config.ts';
import { recheckJob } from './runner/recheck-job.ts';
import { removeRunner } from './runner/remove-runner.ts';
import { watchRunner } from './runner/watch-runner.ts';
import { createVm } from './vm/create-vm.ts';
import { deleteVm } from './vm/delete-vm.ts';
import { startVm } from './vm/start-vm.ts';

/**
 * The effects as `machine.provide` takes them, with the durability barrier of law 1. XState starts an invoked promise
 * *before* its subscribers run, so the barrier first lets the synchronous transition end (the subscriber then has put
 * the new snapshot), and next waits until that snapshot is on disk. Most effects begin behind it. Those on the way to
 * a runner look at the world while the disk writes, pass it before they change anything, and end behind it: nothing
 * gets further than one step ahead of a disk that refuses.
 */
export function jobEffects(world: EffectWorld, durable: () => Promise<void>, tracer: EffectTracer) {
  const transitionStored = async () => {
    await null;
    await durable();
  };
  const behindTheBarrier = <Input, Output>(
    name: string,
    effect: Effect<Input, Output>,
  ): PromiseActorLogic<Output, Input> =>
    fromPromise<Output, Input>(async ({ input, self, signal }) => {
      await transitionStored();
      signal.throwIfAborted();
      return tracer.trace(self._parent?.id ?? '', name, signal, () => effect(world, input, signal));
    });
  const lookingEarly = <Input, Output>(
    name: string,
    effect: EarlyEffect<Input, Output>,
  ): PromiseActorLogic<Output, Input> =>
    fromPromise<Output, Input>(({ input, self, signal }) => {
      const stored = transitionStored();
      const ordered = async () => {
        await stored;
        signal.throwIfAborted();
      };
      return tracer.trace(self._parent?.id ?? '', name, signal, () =>
        effect(world, input, signal, ordered).finally(() => stored),
      );
    });

  return {
    createVm: lookingEarly('createVm', createVm),
    startVm: lookingEarly('startVm', startVm),
    connectGuest: behindTheBarrier('connectGuest', connectGuest),
    probeGuest: lookingEarly('probeGuest', probeGuest),
    obtainRunnerConfig: lookingEarly('obtainRunnerConfig', obtainRunnerConfig),
    launchRunner: behindTheBarrier('launchRunner', launchRunner),
    confirmOnline: behindTheBarrier('confirmOnline', confirmOnline),
    watchRunner: behindTheBarrier('watchRunner', watchRunner),
    recheckJob: behindTheBarrier('recheckJob', recheckJob),
    askGuest: behindTheBarrier('askGuest', askGuest),
    deregisterRunner: behindTheBarrier('deregisterRunner', deregisterRunner),
    deleteVm: behindTheBarrier('deleteVm', deleteVm),
    removeRunner: behindTheBarrier('removeRunner', removeRunner),
  };
}
