import { describe, expect, test } from 'vitest';
import { gatesOn, pullName } from '../../src/placement/grant-gates.ts';
import type { WaitingJob } from '../../src/placement/schedule.ts';
import { JOB } from '../machines/job-samples.ts';
import { gated, IMAGE, PROFILE, pull } from './gates-rig.ts';

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
    expect(at.gates.roomForWarm(PROFILE, 'm1', new Map())).toBe(0);
    expect(at.began).toEqual([`${IMAGE} on m1`]);
    await at.has(IMAGE, 'm1');
    expect(at.gates.roomForWarm(PROFILE, 'm1', new Map())).toBe(Number.POSITIVE_INFINITY);
  });
});

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
