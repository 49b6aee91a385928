import type { JobContext } from '../../machines/job/context.ts';
import { CALM_SCENARIO } from './calm-scenario.ts';
import type { Write } from './committed.ts';
import { RecordLaws } from './record-laws.ts';
import { createWorld, type Mac } from './simulated-world.ts';

/** The name of a VM and its runner. */
export const NAME = 'gh-default-51300000001-1';

interface Facts {
  state?: string;
  vm?: string;
  runner?: string;
  job?: Partial<JobContext['job']>;
  phase?: Partial<JobContext['phase']>;
}

/** What a commit writes for the record of a job. */
export function record(key: string, { state = 'creating', vm, runner, job, phase }: Facts): Write {
  const context = {
    job: { id: 51_300_000_001, status: 'queued', ...job },
    vm: vm ? { name: vm, host: 'mac-1' } : null,
    runner: runner ? { name: runner } : null,
    phase: { enteredAt: 1, deadlineAt: 10, lastFailure: null, ...phase },
    released: false,
  };
  return {
    type: 'put',
    key: `!actors!${key}`,
    value: JSON.stringify({ snapshot: { value: state, context } }),
  };
}

/** A world in which every commit is checked. */
export function newWorld(scenario = CALM_SCENARIO) {
  const world = createWorld(scenario, async () => ({ status: 202, body: '' }));
  const mac = world.macs.get('mac-1') as Mac;
  const laws = new RecordLaws(world.broken, world.secrets, Date.now);
  const commit = (...writes: Write[]) => {
    laws.beforeCommit(world.committed, writes);
    world.committed.apply(writes);
    laws.afterCommit(world.committed);
  };
  return { world, mac, laws, commit, broken: () => world.broken.all().map(({ law }) => law) };
}
