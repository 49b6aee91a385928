import { connectGuest } from '../../src/effects/guest/connect-guest.ts';
import { withGuest } from '../../src/effects/guest/with-guest.ts';
import { launchRunner } from '../../src/effects/runner/launch-runner.ts';
import { obtainRunnerConfig } from '../../src/effects/runner/obtain-runner-config.ts';
import { createVm } from '../../src/effects/vm/create-vm.ts';
import { startVm } from '../../src/effects/vm/start-vm.ts';
import { type EffectFixture, LABEL, OWNER, REPOSITORY, STAYS, STORED } from '../effects/effect-fixture.ts';
import { soon } from '../support/soon.ts';

const PLACE = { owner: OWNER, repository: REPOSITORY };

/** What a record that is lost during an attempt leaves behind: a VM with a runner and without an actor. */
export async function lostAttempt(
  at: Pick<EffectFixture, 'world' | 'host' | 'queueJob'>,
  steps: string[] = [],
) {
  const { world, host } = at;
  const { jobId, name, run } = at.queueJob(steps);
  const { vmId } = await createVm.run(world, { host, vmName: name, profile: LABEL }, STAYS, STORED);
  await startVm.run(world, { host, vmId }, STAYS, STORED);
  const reached = await soon(() => connectGuest.run(world, { host, vmId, hostKey: null }, STAYS));
  const guest = { host, vmId, ...reached };
  const scope = { kind: 'repository', ...PLACE } as const;
  const runner = { ...PLACE, scope, runnerId: null, jobId, runnerName: name, profile: LABEL };
  const got = await obtainRunnerConfig.run(world, runner, STAYS, STORED);
  const launch = () => launchRunner.run(world, { ...guest, ...runner, ...got }, STAYS);
  const inGuest = (script: string) => withGuest(world, guest, STAYS, ({ session }) => session.run(script));
  return { jobId, name, run, launch, inGuest };
}
