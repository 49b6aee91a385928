import { pushFromFields } from '../../../src/simulator/github/control.ts';
import { deleteRepository } from '../../../src/simulator/github/jobs/delete-repository.ts';
import type { Job } from '../../../src/simulator/github/jobs/job.ts';
import { currentJobs } from '../../../src/simulator/github/jobs/runs.ts';
import { ensureRepository } from '../../../src/simulator/github/repositories.ts';
import { PictureClock } from '../../pictures/picture-clock.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { FIRST_PAUSE, type Situation } from '../situation.ts';

const TWO = { config: { github: { repositories: ['acme/app', 'acme/lib'] } } };

/** A job of the second repository. */
function pushToLib(world: Scenario, name: string): Job {
  const labels = ['self-hosted', 'jeballto-macos'];
  const [job] = currentJobs(
    pushFromFields(world.github.world, { repository: 'acme/lib', jobs: [{ name, labels }] }),
  );
  if (!job) throw new Error('nothing was pushed');
  return job;
}

export const pausedRepository: Situation = {
  name: 'runners may not be registered with one of two repositories',
  settings: TWO,
  async stage(world) {
    ensureRepository(world.github.world, 'acme/lib');
    const body = { message: 'Resource not accessible by personal access token' };
    world.github.faults.add({ route: 'POST /repos/acme/lib/actions/runners/*', status: 403, body });
    await world.start();
    const refused = pushToLib(world, 'Package');
    await world.until(() => world.log().includes('acme/lib is held back'));
    const next = pushToLib(world, 'Lint');
    const [served] = world.push([{ name: 'Build', steps: ['sleep 600'] }]) as [Job];
    const held = /The registration of runners with acme\/lib is held back.*403/;
    const waits = { why: [held, /until \d\d:\d\d:\d\d/], frees: /its administrator at GitHub/ };
    return {
      wrong: [held],
      jobs: [
        { job: served, next: /When it ends/ },
        { job: refused, waits, next: /It may get a VM (at|now)/ },
        { job: next, waits, next: /It may get a VM (at|now)/ },
      ],
    };
  },
};

/** Milliseconds for which a repository has to be gone, and a little more. */
const GONE = 601_000;

export const deletedRepository: Situation = {
  name: 'a repository was deleted while its job waited',
  settings: TWO,
  async stage(world) {
    const lib = ensureRepository(world.github.world, 'acme/lib');
    world.mac.faults.add({ route: '*', status: 503 });
    const clock = new PictureClock(FIRST_PAUSE + GONE);
    await world.start(clock);
    const job = pushToLib(world, 'Package');
    await world.reaches('queued');
    deleteRepository(world.github.world, lib);
    world.mac.faults.clear();
    await world.until(() => world.log().includes('acme/lib is held back'));
    await clock.pass(FIRST_PAUSE);
    await world.until(async () => {
      const [waits] = await world.waiting();
      return waits?.sentence.includes('GitHub shows no repository acme/lib') ?? false;
    });
    await clock.pass(GONE);
    const gone = /GitHub shows no repository acme\/lib/;
    const end = { outcome: 'not ours', fault: /^/, cause: gone, act: /the operator of this daemon/ } as const;
    return { wrong: [/acme\/lib/], jobs: [{ job, end, next: /remove the cause/ }] };
  },
};

export const missingRepository: Situation = {
  name: 'a repository has just been deleted, and its job waits',
  settings: TWO,
  async stage(world) {
    const lib = ensureRepository(world.github.world, 'acme/lib');
    world.mac.faults.add({ route: '*', status: 503 });
    await world.start();
    const job = pushToLib(world, 'Package');
    await world.reaches('queued');
    deleteRepository(world.github.world, lib);
    world.mac.faults.clear();
    const held = /The registration of runners with acme\/lib is held back/;
    const waits = { why: [held], frees: /administrator at GitHub/ };
    return { wrong: [held], jobs: [{ job, waits, next: /It may get a VM (at|now)/ }] };
  },
};

export const gitHubUnreachable: Situation = {
  name: 'GitHub does not respond',
  settings: { config: { timeouts: { jit_config: '1s' } } },
  async stage(world) {
    await world.start();
    const [atWork] = world.push([{ name: 'Build', steps: ['sleep 600'] }]) as [Job];
    await world.reaches('running.busy');
    const [waits] = world.push([{ name: 'Unit tests' }]) as [Job];
    await world.until(async () => (await world.jobs()).jobs.length === 2);
    world.github.faults.add({ route: '* /repos/*', drop: 'before' });
    await world.until(() => world.log().includes('GitHub is held back'));
    const held = /GitHub is held back .*GitHub did not answer/;
    return {
      wrong: [held],
      stops: true,
      jobs: [
        { job: atWork, next: /When it ends/ },
        {
          job: waits,
          waits: { why: [held], frees: /GitHub, which has to respond again/ },
          next: /It may get a VM/,
        },
      ],
    };
  },
};

export const labelNobodyServes: Situation = {
  name: 'a job asks for a label that nobody serves',
  async stage(world) {
    await world.start();
    const [job] = world.push([{ name: 'Unit tests', labels: ['self-hosted', 'jeballto-maco'] }]) as [Job];
    const why = [/"jeballto-maco"/, /is not "jeballto-macos", but near it/];
    const waits = { why, frees: /The right label in its workflow, another runner/ };
    return { wrong: [], jobs: [{ job, waits, next: /until a label of the config matches it/ }] };
  },
};
