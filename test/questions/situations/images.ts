import type { Job } from '../../../src/simulator/github/jobs/job.ts';
import type { Situation } from '../situation.ts';

const IMAGE = 'ghcr.io/jeballto/macos-ci:latest';

export const pullFails: Situation = {
  name: 'the registry refuses the image',
  settings: { agent: { registry: { denied: [IMAGE] } } },
  async stage(world) {
    await world.start();
    const [job] = world.push([{ name: 'Unit tests' }]) as [Job];
    const held = /The pull from ghcr\.io for jeballto-macos is held back.*403/;
    const waits = { why: [held], frees: /The owner of the registry/ };
    return { wrong: [held], jobs: [{ job, waits, next: /It may get a VM (at|now)/ }] };
  },
};

export const noSsh: Situation = {
  name: 'the guest never answers SSH',
  settings: { config: { timeouts: { ssh_ready: '1s' } } },
  async stage(world) {
    world.mac.faults.add({ route: 'guest boot *', body: { sshdMs: 'never' } });
    await world.start();
    const [job] = world.push([{ name: 'Unit tests' }]) as [Job];
    await world.until(() => world.log().includes('on mac-1 is held back'));
    const held = /jeballto-macos on mac-1 is held back.*Reaching the guest by SSH took longer than 1 s/;
    // After the first trial the pause of the job lasts longer than that of the breaker.
    const frees = /The maker of the image, or the owner of that Mac|That time, or "retry now"/;
    return { wrong: [held], jobs: [{ job, waits: { why: [held], frees }, next: /It may get a VM at/ }] };
  },
};
