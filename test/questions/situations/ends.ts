import type { Job } from '../../../src/simulator/github/jobs/job.ts';
import { abandon } from '../../../src/simulator/github/jobs/job-lease.ts';
import { cancelRun } from '../../../src/simulator/github/jobs/runs.ts';
import { PictureClock } from '../../pictures/picture-clock.ts';
import type { Situation } from '../situation.ts';

const LONG = { name: 'Unit tests', steps: ['sleep 600'] };
const REMOVED = /VM and runner are removed/;

export const failedByItself: Situation = {
  name: 'a job fails because of its own step',
  async stage(world) {
    await world.start();
    const [job] = world.push([{ name: 'Unit tests', steps: ['exit 3'] }]) as [Job];
    await world.isClean();
    const end = { outcome: 'failed', fault: /by itself/, act: /the author of the job/ } as const;
    return { wrong: [], jobs: [{ job, end, next: REMOVED }] };
  },
};

export const cancelledAtGitHub: Situation = {
  name: 'a job is cancelled at GitHub while it runs',
  async stage(world) {
    await world.start();
    const [job] = world.push([LONG]) as [Job];
    await world.reaches('running.busy');
    cancelRun(world.github.world, job.run);
    await world.isClean();
    const end = { outcome: 'cancelled', fault: /at GitHub/, act: /^$/ } as const;
    return { wrong: [], jobs: [{ job, end, next: REMOVED }] };
  },
};

/** Milliseconds after which GitHub fails a job whose runner it does not hear, and a little more. */
const SILENCE = 301_000;

export const lostVm: Situation = {
  name: 'the VM of a running job dies',
  async stage(world) {
    const clock = new PictureClock(SILENCE);
    await world.start(clock);
    const [job] = world.push([LONG]) as [Job];
    await world.reaches('running.busy');
    // An agent that ends powers its VMs off.
    await world.mac.restart('graceful', 100);
    await world.until(() => world.log().includes('VM_VANISHED'));
    // Both at once, so that the daemon does not look in between.
    const lease = [...world.github.world.leases.values()].find((one) => one.job === job);
    if (lease) abandon(world.github.world, lease, 'failure');
    await clock.pass(SILENCE);
    await world.isClean();
    const end = {
      outcome: 'lost',
      fault: /the host's fault/,
      cause: /The VM disappeared while the job ran/,
      act: /the operator of the Mac/,
    } as const;
    return { wrong: [/Unit tests.*lost/], jobs: [{ job, end, next: /run it again at GitHub/ }] };
  },
};

export const exchanged: Situation = {
  name: 'two jobs have exchanged their VMs',
  settings: { config: { timeouts: { ssh_ready: '5m' } } },
  async stage(world) {
    await world.start();
    const [first, second] = world.push([LONG, { name: 'UI tests' }]) as [Job, Job];
    // Its own VM never answers, so GitHub gives the older job to the runner of the other one.
    world.mac.faults.add({ route: `guest boot gh-demo-${first.id}-*`, body: { sshdMs: 'never' } });
    await world.until(() => first.state.runner?.name.startsWith(`gh-demo-${second.id}-`) ?? false);
    const [silent] = world.vms().filter(({ name }) => name !== first.state.runner?.name);
    const boots = { name: silent?.name ?? '', host: 'mac-1' };
    return {
      wrong: [],
      jobs: [
        { job: first, next: /When it ends, .* removed/ },
        { job: second, boots, next: /is checked as soon as it answers over SSH/ },
      ],
    };
  },
};

export const afterRestart: Situation = {
  name: 'the daemon has started again while a job ran',
  async stage(world) {
    const first = await world.start();
    const [job] = world.push([LONG]) as [Job];
    await world.reaches('running.busy');
    await first.drain();
    await world.start();
    return { wrong: [], jobs: [{ job, next: /When it ends, .* removed/ }] };
  },
};
