import { vi } from 'vitest';
import type { EffectWorld } from '../../src/effects/effect-world.ts';
import { askGuest } from '../../src/effects/guest/ask-guest.ts';
import { connectGuest } from '../../src/effects/guest/connect-guest.ts';
import { probeGuest } from '../../src/effects/guest/probe-guest.ts';
import { withGuest } from '../../src/effects/guest/with-guest.ts';
import { recheckJob } from '../../src/effects/runner/ask-github.ts';
import { confirmOnline } from '../../src/effects/runner/confirm-online.ts';
import { launchRunner } from '../../src/effects/runner/launch-runner.ts';
import { obtainRunnerConfig } from '../../src/effects/runner/obtain-runner-config.ts';
import { deregisterRunner, removeRunner } from '../../src/effects/runner/remove-runner.ts';
import { watchRunner } from '../../src/effects/runner/watch-runner.ts';
import { createVm } from '../../src/effects/vm/create-vm.ts';
import { deleteVm } from '../../src/effects/vm/delete-vm.ts';
import { startVm } from '../../src/effects/vm/start-vm.ts';
import { guestUnreachable } from '../../src/guest/guest-failure.ts';
import { cancelRun } from '../../src/simulator/github/jobs/runs.ts';
import {
  type EffectFixture,
  type EffectFixtureOptions,
  effectFixture,
  LABEL,
  OWNER,
  REPOSITORY,
  STAYS,
  STORED,
} from './effect-fixture.ts';

const PLACE = { owner: OWNER, repository: REPOSITORY };
const SCOPE = { kind: 'repository', ...PLACE } as const;
/** Retries an effect until it succeeds, as the machine would. */
export const soon = <T>(effect: () => Promise<T>) => vi.waitFor(effect, { timeout: 15_000, interval: 50 });

/** One attempt at a job, driven effect by effect as the machine would. */
export async function attempt(given: EffectFixture, steps: string[] = []) {
  const { host } = given;
  const { jobId, name, run } = given.queueJob(steps);
  const create = (world = given.world) =>
    createVm.run(world, { host, vmName: name, profile: LABEL }, STAYS, STORED);
  const { vmId } = await create();
  const boot = async (world: EffectWorld) => {
    await startVm.run(world, { host, vmId }, STAYS, STORED);
    const reached = await soon(() => connectGuest.run(world, { host, vmId, hostKey: null }, STAYS));
    return { host, vmId, ...reached };
  };
  const guest = await boot(given.world);
  const runner = (runnerId: number | null) => ({ scope: SCOPE, runnerName: name, runnerId });
  const at = { runnerId: null as number | null, mode: null as 'jit' | 'token' | null };

  return {
    ...given,
    jobId,
    name,
    run,
    guest,
    at,
    boot,
    probe: (world = given.world) => probeGuest.run(world, guest, STAYS, STORED),
    obtain: async (world = given.world) => {
      const input = { ...PLACE, scope: SCOPE, jobId, profile: LABEL, runnerName: name };
      const output = await obtainRunnerConfig.run(world, input, STAYS, STORED);
      Object.assign(at, output);
      return output;
    },
    launch: (world = given.world) =>
      launchRunner.run(world, { ...guest, ...runner(at.runnerId), profile: LABEL, mode: at.mode }, STAYS),
    confirm: (world = given.world) => confirmOnline.run(world, { ...guest, ...runner(at.runnerId) }, STAYS),
    online: (world = given.world) =>
      soon(() => confirmOnline.run(world, { ...guest, ...runner(at.runnerId) }, STAYS)),
    watch: (until: 'activity' | 'exit', signal = STAYS) =>
      watchRunner.run(given.world, { ...guest, runnerName: name, until }, signal),
    ask: (world = given.world) => askGuest.run(world, { ...guest, runnerName: name }, STAYS),
    /** As `ask`, but our own SSH fails, so that only the agent's execute route is left. */
    askByAgent: (access: Partial<EffectWorld['guest']> = {}) => {
      const openGuest = () =>
        Promise.reject(guestUnreachable({ ...guest.address, user: 'admin' }, 'it hung up'));
      const world = { ...given.world, openGuest, guest: { ...given.world.guest, ...access } };
      return askGuest.run(world, { ...guest, runnerName: name }, STAYS);
    },
    recheck: (runnerName = name) => recheckJob.run(given.world, { ...PLACE, jobId, runnerName }, STAYS),
    deregister: (runnerId = at.runnerId) => deregisterRunner.run(given.world, runner(runnerId), STAYS),
    remove: (runnerId = at.runnerId) => removeRunner.run(given.world, runner(runnerId), STAYS),
    destroy: () => deleteVm.run(given.world, { host, vmName: name, vmId: guest.vmId }, STAYS),
    inGuest: (script: string) => withGuest(given.world, guest, STAYS, ({ session }) => session.run(script)),
  };
}

/** With the runner launched. */
export async function launched(steps: string[] = [], options: EffectFixtureOptions = {}) {
  const one = await attempt(await effectFixture(options), steps);
  await one.obtain();
  await one.launch();
  return one;
}

/** An attempt whose runner is launched and gets no job. */
export async function idle(options: EffectFixtureOptions = {}) {
  const at = await attempt(await effectFixture(options));
  await at.obtain();
  cancelRun(at.github.world, at.run);
  await at.launch();
  return at;
}
