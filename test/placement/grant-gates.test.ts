import { describe, expect, test } from 'vitest';
import { LONGEST_QUEUE } from '../../src/placement/grant-checks.ts';
import { schedule, type WaitingJob } from '../../src/placement/schedule.ts';
import { JOB } from '../machines/job-samples.ts';
import { gated, IMAGE, PROFILE } from './gates-rig.ts';

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
    expect(at.gates.roomForWarm(PROFILE, 'm1', new Map())).toBe(Number.POSITIVE_INFINITY);
    at.fail('pair', `${PROFILE} on m1`, 2);
    expect(at.gates.roomForWarm(PROFILE, 'm1', new Map())).toBe(0);
    await at.clock.pass(30_000);
    expect(at.gates.roomForWarm(PROFILE, 'm1', new Map())).toBe(1);
    at.fail('profile', PROFILE);
    expect(at.gates.roomForWarm(PROFILE, 'm1', new Map())).toBe(0);
  });

  test('keeps the trial of a host from warm VMs while GitHub is asked about the job that is to have it', async () => {
    const at = gated();
    at.state.bases = ['m1'];
    at.fail('host', 'm1');
    await at.clock.pass(30_000);
    const { grants, taken } = at.place('m1');
    expect([grants, at.gates.roomForWarm(PROFILE, 'm1', taken)]).toEqual([[], 0]);
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
    expect([
      at.gates.of(at.waiting[0] as WaitingJob),
      at.gates.roomForWarm(PROFILE, 'm1', new Map()),
    ]).toEqual([null, 0]);
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
