import { addForeignVm } from '../../../src/simulator/agent/control.ts';
import type { Job } from '../../../src/simulator/github/jobs/job.ts';
import { PictureClock } from '../../pictures/picture-clock.ts';
import { FIRST_PAUSE, type Situation } from '../situation.ts';

export const fullHosts: Situation = {
  name: 'every slot is taken, and two jobs wait',
  async stage(world) {
    addForeignVm(world.mac.world, { name: 'sequoia-dev' });
    await world.start();
    const [atWork] = world.push([{ name: 'Build', steps: ['sleep 600'] }]) as [Job];
    await world.reaches('running.busy');
    const [first] = world.push([{ name: 'Unit tests' }]) as [Job];
    await world.until(async () => (await world.jobs()).jobs.length === 2);
    const [second] = world.push([{ name: 'UI tests' }]) as [Job];
    const why = [
      /No free slot: all 2 are taken/,
      /VM sequoia-dev \(not ours\) on mac-1/,
      /"CI \/ Build" of acme\/app/,
    ];
    const waits = { why, frees: /The end of "CI \/ Build" .*, or of a VM that is not ours/ };
    return {
      wrong: [],
      jobs: [
        { job: atWork, next: /When it ends/ },
        { job: first, waits, next: /It gets the next slot that is free/ },
        { job: second, waits, next: /Its turn comes after 1 other job/ },
      ],
    };
  },
};

export const lostHost: Situation = {
  name: 'a Mac is silent while a job runs on it',
  settings: { macs: 2 },
  async stage(world) {
    await world.start();
    const [job] = world.push([{ name: 'Build', steps: ['sleep 600'] }]) as [Job];
    const host = (await world.reaches('running.busy')).vm?.host ?? '';
    // The agent alone: the guest is reached through a port of its own.
    world.macs[Number(host.slice('mac-'.length)) - 1]?.faults.add({ route: '*', drop: 'before' });
    const silence = new RegExp(`${host} (is lost|has not answered for)`);
    const trouble = new RegExp(`Its host ${host} has been (lost|unreachable) since`);
    return { wrong: [silence], jobs: [{ job, trouble, next: /When it ends/ }] };
  },
};

export const cordonedAndHalfOpen: Situation = {
  name: 'one Mac is cordoned, and a breaker tries the other one with one job',
  settings: { macs: 2, config: { timeouts: { ssh_ready: '5m' } } },
  async stage(world) {
    const [, second] = world.macs;
    second?.faults.add({ route: 'guest boot *', body: { missingTools: ['git'] }, times: 2 });
    second?.faults.add({ route: 'guest boot *', body: { sshdMs: 'never' } });
    const clock = new PictureClock(FIRST_PAUSE);
    await world.start(clock);
    await world.until(async () => (await world.hosts()).every(({ state }) => state === 'healthy'));
    await world.order('/api/hosts/mac-1/cordon', 'ann');
    const [trial] = world.push([{ name: 'Unit tests' }]) as [Job];
    await world.until(() => world.log().includes('on mac-2 is held back'));
    await clock.pass(FIRST_PAUSE);
    const { vm } = await world.reaches('sshReady');
    const [job] = world.push([{ name: 'UI tests' }]) as [Job];
    const why = [
      /jeballto-macos on mac-2 is held back except for one attempt/,
      /lacks git/,
      /mac-1 is cordoned by ann/,
    ];
    const frees = /The maker of the image, or the owner of that Mac, or an operator who uncordons mac-1/;
    return {
      wrong: [/jeballto-macos on mac-2 is tried again by one job at a time.*lacks git/],
      jobs: [
        {
          job: trial,
          boots: { name: vm?.name ?? '', host: 'mac-2' },
          next: /is checked as soon as it answers/,
        },
        { job, waits: { why, frees }, next: /It may get a VM when that attempt has worked/ },
      ],
    };
  },
};
