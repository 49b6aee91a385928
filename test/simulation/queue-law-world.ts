import { registerVm } from '../../src/simulator/agent/vms/vm-state.ts';
import { pushWorkflow } from '../../src/simulator/github/jobs/runs.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { CALM_SCENARIO } from './calm-scenario.ts';
import { APP } from './plan-troubles.ts';
import { QueueLaw } from './queue-law.ts';
import { createWorld, type Mac } from './simulated-world.ts';
import type { OngoingTrouble } from './trouble.ts';

/** The id of the job that is in the queue. */
export const JOB = 51_300_000_001;
export const NAME = `gh-default-${JOB}-1`;

/** A world in which every law is checked, with a job in the queue. */
export function newWorld(labels = ['mac'], repository = APP) {
  const world = createWorld(CALM_SCENARIO, async () => ({ status: 202, body: '' }));
  const mac = world.macs.get('mac-1') as Mac;
  const queue = new QueueLaw();
  const push = (of = labels) => {
    const spec = { name: 'build', labels: of, group: null, needsApproval: false, steps: [] };
    pushWorkflow(world.github, ensureRepository(world.github, repository), { name: 'CI', jobs: [spec] });
  };
  push();
  const resources = { cpuCount: 4, memorySize: 1, diskSize: 1 };
  return {
    world,
    mac,
    push,
    make: (name: string) =>
      registerVm(mac.agent, { name, state: 'stopped', resources, ephemeral: true, lifetimeSeconds: null }),
    /** Looks, lets time pass, and looks again. */
    wait: (ms: number, { isDisturbed = false, troubles = [] as OngoingTrouble[] } = {}) => {
      queue.look(world, isDisturbed, troubles);
      world.clock.advance(ms);
      queue.look(world, isDisturbed, troubles);
    },
    broken: () => world.broken.all().map(({ law }) => law),
  };
}
