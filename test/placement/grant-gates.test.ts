import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DEFAULT_BREAKER_POLICIES } from '../../machines/breaker.ts';
import { failure } from '../../machines/failure.ts';
import { type Job, runnerScopeOf } from '../../machines/job/context.ts';
import type { AgentClient } from '../../src/agent/agent-client.ts';
import { DaemonError } from '../../src/errors.ts';
import { Pulls } from '../../src/hosts/pulls.ts';
import type { JobActors } from '../../src/jobs/job-actors.ts';
import { pairName } from '../../src/placement/breakers/breaker-events.ts';
import { Breakers } from '../../src/placement/breakers/breakers.ts';
import { GrantChecks, LONGEST_QUEUE } from '../../src/placement/grant-checks.ts';
import { GrantGates, gatesOn, type NeededImages, pullName } from '../../src/placement/grant-gates.ts';
import { assignWarmVms, type WarmVm } from '../../src/placement/plan-warm.ts';
import { type Schedule, schedule, type WaitingJob } from '../../src/placement/schedule.ts';
import { JOB, RUNNER } from '../machines/job-samples.ts';
import { snapshotAt } from '../machines/job-step.ts';
import { ManualClock } from '../support/manual-clock.ts';

const log = pino({ level: 'silent' });
const IMAGE = 'ghcr.io/acme/mac:1';
const PROFILE = JOB.profile;
const warmVm: WarmVm = { key: 'w', profile: PROFILE, isReady: true, enteredAt: 0, isOpen: true };

/** A pull as an agent reports it. */
const pull = (status: string, more: object = {}) => ({ operationId: 'p', reference: IMAGE, status, ...more });

/** Gates with the daemon's own breakers, pulls and checks; agents and GitHub respond as the test says. */
function gated(jobs: Job[] = [JOB], kind: 'repository' | 'organization' = 'repository') {
  const clock = new ManualClock(JOB.queuedAt + 60_000);
  const began: string[] = [];
  const state = {
    /** The state of the pulls on each host; a pull that is not named is running. */
    pulls: {} as Record<string, object | undefined>,
    images: { [PROFILE]: IMAGE } as Record<string, string>,
    bases: [] as string[],
    /** What every host needs, in place of the image of the profile. */
    needs: null as NeededImages | null,
    preferred: null as string | null,
    /** Whether runners may be registered. */
    mayRegister: true,
    probes: 0,
  };
  const breakers = new Breakers({
    policies: DEFAULT_BREAKER_POLICIES,
    clock,
    log,
    scopeOf: (job) => runnerScopeOf(kind, job),
    onChange: () => undefined,
  });
  const pulls = new Pulls({
    agent: (host) => {
      const told = () => Promise.resolve(state.pulls[host] ?? pull('running'));
      return {
        pullImage: (image: string) => {
          began.push(`${image} on ${host}`);
          return told();
        },
        pullOperation: told,
      } as unknown as AgentClient;
    },
    clock,
    log,
    timeout: 3_600_000,
    onChange: () => undefined,
    onEnd: (image, error) =>
      breakers.tell(
        { about: 'pull', name: pullName(image, PROFILE) },
        error === null
          ? { type: 'attempt.served' }
          : { type: 'attempt.failed', failure: failure('IMAGE_PULL_FAILED', 'no') },
      ),
  });
  onTestFinished(() => {
    pulls.stop();
    breakers.stop();
  });
  const scope = (owner: string, repository: string) => runnerScopeOf(kind, { owner, repository });
  const checks = new GrantChecks({
    github: {
      getJob: (_owner, _repository, _id, { signal } = {}) =>
        new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
      isRunOver: async () => false,
      pausedUntil: () => null,
      now: () => clock.now(),
      createRegistrationToken: async () => {
        state.probes += 1;
        if (!state.mayRegister) throw new DaemonError('GITHUB_PERMISSION_MISSING', 'no');
        return { token: 't', expiresAt: 0 } as never;
      },
    },
    breakers,
    clock,
    scope,
    observe: () => undefined,
    onGone: () => undefined,
    onChange: () => undefined,
  });
  const gates = new GrantGates({
    actors: {
      snapshotOf: (key: string) => {
        const job = jobs.find(({ id }) => String(id) === key);
        return job ? snapshotAt('queued', { job }) : null;
      },
    } as unknown as JobActors,
    breakers,
    checks,
    pulls,
    scope,
    imageOf: (profile) => state.images[profile] ?? null,
    imagesOn: (host, profile) =>
      state.needs ?? {
        now: state.bases.includes(host) ? null : (state.images[profile] ?? ''),
        next: [],
      },
    preferredHost: () => state.preferred,
  });
  const waiting = jobs.map(
    ({ id, profile, queuedAt, notBefore }): WaitingJob => ({ key: String(id), profile, queuedAt, notBefore }),
  );
  const heard = () => {
    for (const { id } of jobs) gates.observed({ jobId: id, status: 'queued', seenAt: clock.now() } as never);
  };
  const place = (...hosts: string[]): Schedule =>
    schedule(
      waiting,
      hosts.map((name) => ({ name, free: 2 })),
      clock.now(),
      gates,
    );
  return {
    clock,
    state,
    began,
    breakers,
    checks,
    gates,
    waiting,
    place,
    /**
     * Where the jobs get slots, once everything started for that has ended; the jobs were observed just now.
     */
    granted: async (...hosts: string[]): Promise<string[]> => {
      heard();
      place(...hosts);
      await clock.pass(0);
      return place(...hosts).grants.map(({ key, host }) => `${key} on ${host}`);
    },
    /** The hosts have this image already, and are still pulling every other one. */
    has: async (image: string, ...hosts: string[]) => {
      for (const host of hosts) {
        state.pulls[host] = pull('completed');
        await pulls.ensure(host, image);
        delete state.pulls[host];
      }
      began.splice(0);
    },
    fail: (
      about: 'github' | 'registration' | 'profile' | 'host' | 'pair' | 'pull',
      name: string,
      times = 1,
    ) => {
      for (let n = 0; n < times; n += 1)
        breakers.tell({ about, name }, { type: 'attempt.failed', failure: failure('UNEXPECTED', 'no') });
    },
  };
}

describe('a host without the image of a profile', () => {
  test('law 14: gets no VM of it, and one pull is started there, however many jobs wait', async () => {
    const at = gated([JOB, { ...JOB, id: 102 }]);
    expect(await at.granted('m1')).toEqual([]);
    expect(await at.granted('m1')).toEqual([]);
    expect(at.began).toEqual([`${IMAGE} on m1`]);
  });

  test('law 14: keeps its slots free for other profiles', async () => {
    const large = 'ghcr.io/acme/large:1';
    const at = gated([JOB, { ...JOB, id: 102, profile: 'large', queuedAt: JOB.queuedAt + 1 }]);
    at.state.images.large = large;
    await at.has(large, 'm1');
    expect(await at.granted('m1')).toEqual(['102 on m1']);
    const { unplaced, left } = at.place('m1');
    expect({ unplaced, left }).toEqual({ unplaced: [], left: [{ name: 'm1', free: 1 }] });
  });

  test('can be checked without starting a pull: the job could go there until a pull runs', () => {
    const at = gated();
    const [job] = at.waiting as [WaitingJob];
    const peek = () => at.gates.peek(job, 'm1');
    expect([peek(), at.began]).toEqual([gatesOn('m1', PROFILE), []]);
    at.fail('pull', pullName(IMAGE, PROFILE));
    expect(peek()).toBeNull();
    at.state.bases.push('m1');
    expect(peek()).toEqual(gatesOn('m1', PROFILE));
    at.state.bases.pop();
    at.breakers.tell({ about: 'pull', name: pullName(IMAGE, PROFILE) }, { type: 'attempt.served' });
    at.place('m1');
    expect([peek(), at.began]).toEqual([null, [`${IMAGE} on m1`]]);
  });

  test('gets a VM as soon as the image is there', async () => {
    const at = gated();
    expect(await at.granted('m1')).toEqual([]);
    at.state.pulls.m1 = pull('completed');
    await at.clock.pass(5_000);
    expect(await at.granted('m1')).toEqual(['101 on m1']);
    expect(at.began).toHaveLength(1);
  });

  test('is not used when another host has the image', async () => {
    const at = gated();
    await at.has(IMAGE, 'm2');
    expect(await at.granted('m1', 'm2')).toEqual(['101 on m2']);
  });

  test('needs no image when its VMs are cloned from a base', async () => {
    const at = gated();
    at.state.bases = ['m1'];
    expect(await at.granted('m1')).toEqual(['101 on m1']);
    expect(at.began).toEqual([]);
  });

  test('makes no warm VM of it without the image, and pulls the image for it', async () => {
    const at = gated();
    expect(at.gates.roomForWarm(PROFILE, 'm1')).toBe(0);
    expect(at.began).toEqual([`${IMAGE} on m1`]);
    await at.has(IMAGE, 'm1');
    expect(at.gates.roomForWarm(PROFILE, 'm1')).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('the trial of a GitHub that assigns nothing', () => {
  const elsewhere = { ...JOB, id: 102, repository: 'site', queuedAt: JOB.queuedAt + 1 };

  /** Runners of this many jobs of one repository come online and get no job. */
  const unused = (at: ReturnType<typeof gated>, count: number, repository = JOB.repository) => {
    for (let id = 1; id <= count; id += 1) {
      const job = { ...JOB, id, repository };
      const runner = { ...RUNNER, scope: runnerScopeOf('repository', job) };
      at.breakers.jobChanged(`u${id}`, snapshotAt('running.idle.watching', { job, runner }));
      const why = { failure: failure('RUNNER_UNUSED', 'GitHub gave it none.') };
      at.breakers.jobChanged(
        `u${id}`,
        snapshotAt('running.retiring.askingGuest.acting', { job, runner, ...why }),
      );
      at.breakers.jobChanged(`u${id}`, snapshotAt('done'));
    }
  };

  test('law 14: goes to a repository whose runners got their jobs, although another one has the older job', async () => {
    const at = gated([JOB, elsewhere]);
    at.state.bases = ['m1'];
    unused(at, 4);
    expect(await at.granted('m1')).toEqual([]);
    await at.clock.pass(30_000);
    expect(await at.granted('m1')).toEqual(['102 on m1']);
    expect(assignWarmVms(at.waiting, [warmVm], at.clock.now(), at.gates)).toEqual([
      { job: '102', warm: 'w' },
    ]);
  });

  test('goes to the repository with the fewest of them, and to its oldest job', async () => {
    const at = gated([JOB, elsewhere, { ...elsewhere, id: 103, queuedAt: JOB.queuedAt + 2 }]);
    at.state.bases = ['m1'];
    unused(at, 4);
    unused(at, 2, elsewhere.repository);
    at.fail('github', 'github', 3);
    await at.clock.pass(30_000);
    expect(await at.granted('m1')).toEqual(['102 on m1']);
  });

  test('goes to a job whose VMs were not in vain so far', async () => {
    const tried = { ...JOB, vmsInVain: 2 };
    const at = gated([tried, { ...JOB, id: 102, queuedAt: JOB.queuedAt + 1 }]);
    at.state.bases = ['m1'];
    unused(at, 4);
    await at.clock.pass(30_000);
    expect(await at.granted('m1')).toEqual(['102 on m1']);
  });

  test('is over when GitHub gave a runner its job: the oldest job is first again', async () => {
    const at = gated([JOB, elsewhere]);
    at.state.bases = ['m1'];
    unused(at, 3);
    expect(await at.granted('m1')).toEqual(['101 on m1', '102 on m1']);
  });
});

test.each([
  ['profile', PROFILE],
  ['pair', pairName('m1', PROFILE)],
  ['host', 'm1'],
] as const)(
  'the trial of a %s goes to the job with the fewest VMs in vain, and jobs of others keep their order',
  async (about, name) => {
    const jobs = [3, 1, 2].map((vmsInVain, n) => ({
      ...JOB,
      id: 101 + n,
      vmsInVain,
      queuedAt: JOB.queuedAt + n,
    }));
    const at = gated([
      ...jobs,
      { ...JOB, id: 104, profile: 'other', vmsInVain: 9, queuedAt: JOB.queuedAt + 4 },
    ]);
    const order = () => at.gates.inOrder(at.waiting).map(({ key }) => key);
    expect(order()).toEqual(['101', '102', '103', '104']);
    at.fail(about, name, 3);
    expect(order()).toEqual(['101', '102', '103', '104']);
    await at.clock.pass(30_000);
    expect(order()).toEqual(['102', '103', '101', '104']);
  },
);

describe('a pull that the registry refuses', () => {
  const refused = async () => {
    const at = gated();
    at.state.pulls = { m1: pull('failed', { errorCode: 'PULL_FAILED', error: 'denied' }) };
    await at.granted('m1');
    return at;
  };

  test('is not started again on any host while its breaker is open', async () => {
    const at = await refused();
    expect(await at.granted('m1', 'm2')).toEqual([]);
    expect(at.began).toEqual([`${IMAGE} on m1`]);
  });

  test('is tried on one host after the pause, while the other hosts wait for its result', async () => {
    const at = await refused();
    await at.clock.pass(30_000);
    at.state.pulls = {};
    expect(await at.granted('m1', 'm2')).toEqual([]);
    expect(at.began).toEqual([`${IMAGE} on m1`, `${IMAGE} on m1`]);
    at.state.pulls.m1 = pull('completed');
    await at.clock.pass(5_000);
    expect(await at.granted('m1', 'm2')).toEqual(['101 on m1']);
    expect(at.began.at(-1)).toBe(`${IMAGE} on m2`);
  });

  test('does not keep a job from a host that has the image', async () => {
    const at = await refused();
    at.state.bases = ['m2'];
    expect(await at.granted('m1', 'm2')).toEqual(['101 on m2']);
  });
});

describe('a breaker', () => {
  test.each([
    ['all of GitHub', 'github', 'github'],
    ['the place of registration', 'registration', 'octo/app'],
    ['the profile', 'profile', PROFILE],
  ] as const)('keeps a job from every host when it is for %s', async (_what, about, name) => {
    const at = gated();
    await at.has(IMAGE, 'm1', 'm2');
    at.fail(about, name, 3);
    expect(await at.granted('m1', 'm2')).toEqual([]);
  });

  test.each([
    ['a host', 'host', 'm1'],
    ['a profile on a host', 'pair', `${PROFILE} on m1`],
  ] as const)('keeps a job from that host only when it is for %s', async (_what, about, name) => {
    const at = gated();
    await at.has(IMAGE, 'm1', 'm2');
    at.fail(about, name, 3);
    expect(await at.granted('m1', 'm2')).toEqual(['101 on m2']);
  });

  test('keeps the jobs of one repository of an organization, or of all of them', async () => {
    const at = gated([JOB, { ...JOB, id: 102, repository: 'site' }], 'organization');
    await at.has(IMAGE, 'm1');
    at.fail('registration', 'octo/app');
    expect(await at.granted('m1')).toEqual(['102 on m1']);
    at.fail('registration', 'octo');
    expect(await at.granted('m1')).toEqual([]);
  });

  test.each([
    ['another place of registration', 'registration', 'octo/site'],
    ['another profile', 'profile', 'large'],
    ['another profile there', 'pair', 'large on m1'],
    ['another host', 'host', 'm2'],
  ] as const)('keeps a job from no host when it is for %s', async (_what, about, name) => {
    const at = gated();
    await at.has(IMAGE, 'm1');
    at.fail(about, name, 3);
    expect(await at.granted('m1')).toEqual(['101 on m1']);
  });

  test('lets one job try after the pause, and the other jobs wait for its result', async () => {
    const at = gated([JOB, { ...JOB, id: 102 }]);
    await at.has(IMAGE, 'm1', 'm2');
    at.fail('github', 'github', 3);
    await at.clock.pass(30_000);
    expect(await at.granted('m1', 'm2')).toEqual(['101 on m1']);
  });

  test('keeps warm VMs away only when it is for a host or a profile', async () => {
    const at = gated();
    await at.has(IMAGE, 'm1');
    at.fail('github', 'github', 3);
    at.fail('registration', 'octo/app');
    expect(at.gates.roomForWarm(PROFILE, 'm1')).toBe(Number.POSITIVE_INFINITY);
    at.fail('pair', `${PROFILE} on m1`, 2);
    expect(at.gates.roomForWarm(PROFILE, 'm1')).toBe(0);
    await at.clock.pass(30_000);
    expect(at.gates.roomForWarm(PROFILE, 'm1')).toBe(1);
    at.fail('profile', PROFILE);
    expect(at.gates.roomForWarm(PROFILE, 'm1')).toBe(0);
  });
});

describe('a registration that was refused', () => {
  /** The right was granted once, so that it is known, and a job's registration was refused later. */
  const refused = async () => {
    const at = gated();
    await at.has(IMAGE, 'm1');
    expect(await at.granted('m1')).toEqual(['101 on m1']);
    at.fail('registration', 'octo/app');
    at.state.probes = 0;
    return at;
  };

  test('causes no question to GitHub while its breaker is open', async () => {
    const at = await refused();
    expect([await at.granted('m1'), at.state.probes]).toEqual([[], 0]);
  });

  test('is probed before another VM is made', async () => {
    const at = await refused();
    await at.clock.pass(30_000);
    at.state.mayRegister = false;
    expect([await at.granted('m1'), at.state.probes]).toEqual([[], 1]);
    await at.clock.pass(30_000);
    expect([await at.granted('m1'), at.state.probes]).toEqual([[], 1]);
    await at.clock.pass(30_000);
    expect([await at.granted('m1'), at.state.probes]).toEqual([[], 2]);
  });

  test('is probed once, and a VM is made when GitHub grants the right', async () => {
    const at = await refused();
    await at.clock.pass(30_000);
    expect([await at.granted('m1'), at.state.probes]).toEqual([['101 on m1'], 1]);
    expect([await at.granted('m1'), at.state.probes]).toEqual([['101 on m1'], 1]);
  });
});

describe('a job without any VM', () => {
  test('is one whose label left the config', async () => {
    const at = gated();
    await at.has(IMAGE, 'm1');
    at.state.images = {};
    expect(await at.granted('m1')).toEqual([]);
    expect([at.gates.of(at.waiting[0] as WaitingJob), at.gates.roomForWarm(PROFILE, 'm1')]).toEqual([
      null,
      0,
    ]);
  });

  test('is one that GitHub keeps queued for more than 25 hours', async () => {
    const at = gated();
    await at.has(IMAGE, 'm1');
    await at.clock.passUntil(JOB.queuedAt + LONGEST_QUEUE);
    expect(await at.granted('m1')).toEqual(['101 on m1']);
    at.clock.advance(1);
    expect(await at.granted('m1')).toEqual([]);
  });

  test('is one whose actor is gone', async () => {
    const at = gated();
    const gone = { ...(at.waiting[0] as WaitingJob), key: '999' };
    expect([at.gates.of(gone), at.gates.isReady(gone)]).toEqual([null, 'no']);
  });
});

test('a job that GitHub is being asked for keeps its slot reserved', async () => {
  const at = gated([JOB, { ...JOB, id: 102, queuedAt: JOB.queuedAt + 1 }]);
  await at.has(IMAGE, 'm1');
  expect(await at.granted('m1')).toHaveLength(2);
  await at.clock.pass(10_001);
  at.gates.observed({ jobId: 102, status: 'queued', seenAt: at.clock.now() } as never);
  const one = schedule(at.waiting, [{ name: 'm1', free: 1 }], at.clock.now(), at.gates);
  expect([one.grants, one.unplaced.map(({ key }) => key)]).toEqual([[], ['102']]);
  await at.clock.pass(2_000);
  expect(schedule(at.waiting, [{ name: 'm1', free: 1 }], at.clock.now(), at.gates).grants).toEqual([
    { key: '102', host: 'm1' },
  ]);
  expect(at.gates.nextAt()).toBe(at.clock.now() + 5_000);
});

describe('where several images of a profile are in use', () => {
  test('the next one is pulled beside the one that is needed now', () => {
    const { gates, state, began, waiting } = gated();
    state.needs = { now: null, next: ['r@sha256:b'] };
    expect([waiting[0] && gates.on(waiting[0], 'm1'), began]).toEqual([
      gatesOn('m1', PROFILE),
      ['r@sha256:b on m1'],
    ]);
  });

  test('nothing is pulled, and no VM is made, before it was looked whether the host has a base VM', () => {
    const { gates, state, began, waiting } = gated();
    state.needs = { now: 'unknown', next: [] };
    expect(waiting[0] && [gates.on(waiting[0], 'm1'), gates.peek(waiting[0], 'm1')]).toEqual([null, null]);
    expect(began).toEqual([]);
  });

  test('a job goes to the preferred host while that has room', async () => {
    const { state, granted } = gated();
    state.needs = { now: null, next: [] };
    state.preferred = 'm2';
    expect(await granted('m1', 'm2')).toEqual([`${JOB.id} on m2`]);
    expect(await granted('m1')).toEqual([`${JOB.id} on m1`]);
  });
});
