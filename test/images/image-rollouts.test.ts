import { beforeEach, expect, test } from 'vitest';
import type { ImageRollouts } from '../../src/images/image-rollouts.ts';
import { digest, PROFILE, pinned, type RolloutsFixture, rolloutsFixture, TAG } from './rollouts-fixture.ts';

let at: RolloutsFixture;
beforeEach(() => {
  at = rolloutsFixture();
});

const row = () => at.rows.get(PROFILE);
const chosen = (rollouts: ImageRollouts, host: string) => rollouts.choose(host, PROFILE)?.digest;
const MINUTE = 60_000;

/** A VM of an image on a host works, or fails with a sentence. */
function vm(rollouts: ImageRollouts, digit: string, host: string, failure: string | null = null): boolean {
  const image = { reference: TAG, digest: digest(digit) };
  return rollouts.attempt({ host, profile: PROFILE, image, runner: '2.330.0', failure });
}

/** The tag moved from a to b, and the trial of b is on its way. */
function trying(): ImageRollouts {
  const rollouts = at.start();
  rollouts.saw(TAG, digest('a'));
  rollouts.saw(TAG, digest('b'));
  return rollouts;
}

test('the first image that is seen is used everywhere at once', () => {
  const rollouts = at.start();
  expect(chosen(rollouts, 'mac-1')).toBeUndefined();
  rollouts.saw(TAG, digest('a'));
  expect([chosen(rollouts, 'mac-1'), chosen(rollouts, 'mac-2')]).toEqual([digest('a'), digest('a')]);
});

test('a moved tag goes to one host, and the others keep the old image', () => {
  const rollouts = trying();
  expect([chosen(rollouts, 'mac-1'), chosen(rollouts, 'mac-2')]).toEqual([digest('b'), digest('a')]);
  expect(at.events.at(-1)).toMatchObject({
    event: 'image.tried',
    from: 'inUse',
    to: 'trying',
    host: 'mac-1',
  });
});

test('the host of the trial is preferred while a VM of the tried image may be made there, or a doubt is open', () => {
  const rollouts = trying();
  expect(rollouts.preferredHost(PROFILE)).toBe('mac-1');
  at.tried.add(digest('b'));
  expect([rollouts.preferredHost(PROFILE), chosen(rollouts, 'mac-1')]).toEqual([null, digest('a')]);
  at.tried.clear();
  vm(rollouts, 'b', 'mac-1', 'It did not boot.');
  expect([rollouts.preferredHost(PROFILE), chosen(rollouts, 'mac-1')]).toEqual(['mac-1', digest('a')]);
});

test('an image whose VMs all fail goes back, when VMs of the old image work on the same host', () => {
  const rollouts = trying();
  for (let n = 0; n < 3; n += 1) {
    expect(vm(rollouts, 'b', 'mac-1', 'The login was refused.')).toBe(true);
    expect(vm(rollouts, 'a', 'mac-1')).toBe(false);
  }
  expect(row()).toMatchObject({ trial: null, refused: { digest: digest('b') }, last: { what: 'back' } });
  expect(row()?.last.why).toContain('The login was refused.');
  expect([chosen(rollouts, 'mac-1'), chosen(rollouts, 'mac-2')]).toEqual([digest('a'), digest('a')]);
  expect(rollouts.isRefused(PROFILE, { reference: TAG, digest: digest('b') })).toBe(true);
});

test('failures do not count when the old image fails on that host, too', () => {
  const rollouts = trying();
  for (let n = 0; n < 20; n += 1) {
    vm(rollouts, 'b', 'mac-1', 'It did not boot.');
    vm(rollouts, 'a', 'mac-1', 'It did not boot.');
  }
  expect(row()?.trial).toMatchObject({ failed: 0, doubt: null });
});

test('a VM of the old image on another host ends no doubt', () => {
  const rollouts = trying();
  vm(rollouts, 'b', 'mac-1', 'It did not boot.');
  vm(rollouts, 'a', 'mac-2');
  expect(row()?.trial).toMatchObject({ failed: 0, doubt: { why: 'It did not boot.' } });
});

test('a failure counts after an hour without a VM of the old image on the host', () => {
  const rollouts = trying();
  vm(rollouts, 'b', 'mac-1', 'It did not boot.');
  at.clock.advance(60 * MINUTE);
  rollouts.look();
  expect(row()?.trial).toMatchObject({ failed: 1, doubt: null });
});

test('an image whose VMs work spreads, and the previous image is used until a host has it', () => {
  const rollouts = trying();
  for (let n = 0; n < 5; n += 1) vm(rollouts, 'b', 'mac-1');
  expect(row()).toMatchObject({
    current: { digest: digest('b'), served: 5, runner: '2.330.0' },
    previous: { digest: digest('a') },
    trial: null,
    last: { what: 'spread', by: null },
  });
  at.lacks.add(`mac-2 ${digest('b')}`);
  expect([chosen(rollouts, 'mac-1'), chosen(rollouts, 'mac-2')]).toEqual([digest('b'), digest('a')]);
  at.lacks.clear();
  expect(chosen(rollouts, 'mac-2')).toBe(digest('b'));
});

test('a refused image is not tried again until the tag moves again', () => {
  const rollouts = trying();
  expect(rollouts.order('back', PROFILE, 'ada')).toBeNull();
  rollouts.saw(TAG, digest('b'));
  rollouts.look();
  expect(row()?.trial).toBeNull();
  rollouts.saw(TAG, digest('c'));
  expect(row()).toMatchObject({ trial: { digest: digest('c') }, refused: null });
});

test('a tag that moves again during a trial begins the trial again, on the same host', () => {
  const rollouts = trying();
  vm(rollouts, 'b', 'mac-1');
  at.open = ['mac-2', 'mac-1'];
  rollouts.saw(TAG, digest('c'));
  expect(row()?.trial).toMatchObject({ digest: digest('c'), served: 0, host: 'mac-1' });
});

test('a tag that gets its old digest again ends the trial without a verdict', () => {
  const rollouts = trying();
  rollouts.saw(TAG, digest('a'));
  expect(row()).toMatchObject({ trial: null, refused: null, current: { digest: digest('a') } });
});

test('a trial waits for a host that takes jobs, and moves from one that takes none for ten minutes', () => {
  at.open = [];
  const rollouts = trying();
  expect(row()?.trial).toBeNull();
  at.open = ['mac-1', 'mac-2'];
  rollouts.look();
  at.open = ['mac-2'];
  rollouts.look();
  at.clock.advance(9 * MINUTE);
  rollouts.look();
  expect(row()?.trial?.host).toBe('mac-1');
  at.clock.advance(MINUTE);
  rollouts.look();
  expect(row()?.trial?.host).toBe('mac-2');
});

test('a restart goes on with the trial, and counts no attempt that was counted before', () => {
  vm(trying(), 'b', 'mac-1');
  const next = at.start();
  expect(chosen(next, 'mac-1')).toBe(digest('b'));
  for (let n = 0; n < 4; n += 1) vm(next, 'b', 'mac-1');
  expect(row()?.current).toMatchObject({ digest: digest('b'), served: 5 });
});

test('after a restart no host needs to pull a tag to know that it moved', () => {
  trying();
  const next = at.start();
  expect(next.referenceFor({ reference: TAG, digest: digest('a') })).toBe(pinned('a'));
  expect(next.referenceFor({ reference: TAG, digest: digest('b') })).toBe(TAG);
});

test('a config with another digest is tried on one host first, also without base VMs', () => {
  at.start({ images: { [PROFILE]: pinned('a') }, hasBaseVms: false });
  const next = at.start({ images: { [PROFILE]: pinned('b') }, hasBaseVms: false });
  expect([chosen(next, 'mac-1'), chosen(next, 'mac-2')]).toEqual([digest('b'), digest('a')]);
  expect(next.referenceFor({ reference: pinned('a'), digest: digest('a') })).toBe(pinned('a'));
});

test('a config with another tag of the same digest needs no trial', () => {
  at.start().saw(TAG, digest('a'));
  const other = 'ghcr.io/acme/macos:2026-11';
  at.start({ images: { [PROFILE]: other } }).saw(other, digest('a'));
  expect(row()).toMatchObject({ trial: null, current: { reference: other } });
});

test('a config with another image ends the trial of the image that it named before', () => {
  trying();
  const next = at.start({ images: { [PROFILE]: 'ghcr.io/acme/macos:2026-11' } });
  expect(row()).toMatchObject({ trial: null, current: { digest: digest('a') } });
  next.saw('ghcr.io/acme/macos:2026-11', digest('c'));
  expect(row()?.trial).toMatchObject({ digest: digest('c') });
});

test('a tag without base VMs is left to the agents, and it is said why', () => {
  trying();
  const next = at.start({ hasBaseVms: false });
  expect([row(), chosen(next, 'mac-1')]).toEqual([undefined, undefined]);
  expect(next.whyNot(PROFILE)).toContain('turn on controller.base_vms');
  expect(next.order('spread', PROFILE, 'ada')).toContain('turn on controller.base_vms');
});

test('an operator lets the tried image spread, brings it back, and has it tried again', () => {
  const rollouts = trying();
  expect(rollouts.order('spread', PROFILE, 'ada')).toBeNull();
  expect(row()).toMatchObject({ current: { digest: digest('b') }, last: { by: 'ada' } });
  expect(rollouts.order('back', PROFILE, 'ada')).toBeNull();
  expect(row()).toMatchObject({ current: { digest: digest('a') }, refused: { digest: digest('b') } });
  expect(rollouts.order('try', PROFILE, 'ada')).toBeNull();
  expect(row()?.trial).toMatchObject({ digest: digest('b'), host: 'mac-1' });
});

test('an order that is not possible says why', () => {
  const rollouts = at.start();
  expect(rollouts.order('spread', PROFILE, 'ada')).toBe('No image of it was seen yet.');
  rollouts.saw(TAG, digest('a'));
  expect(rollouts.order('back', PROFILE, 'ada')).toContain('there is nothing to go back to');
  expect(rollouts.order('try', PROFILE, 'ada')).toContain('There is no other image');
  rollouts.saw(TAG, digest('b'));
  expect(rollouts.order('try', PROFILE, 'ada')).toBe('A trial is under way on mac-1.');
});

test('one host asks for the digest of a tag: that of the trial, or the first that takes jobs', () => {
  const rollouts = at.start();
  const hosts = ['mac-0', 'mac-1', 'mac-2'];
  expect(rollouts.asks(TAG, hosts)).toBe('mac-1');
  expect(rollouts.asks(TAG, ['mac-0'])).toBe('mac-0');
  rollouts.saw(TAG, digest('a'));
  at.open = ['mac-2', 'mac-1'];
  rollouts.saw(TAG, digest('b'));
  expect(rollouts.asks(TAG, hosts)).toBe('mac-2');
});

test('old counts fade, so that an image that was good for long can be seen to fail', () => {
  const rollouts = at.start();
  rollouts.saw(TAG, digest('a'));
  for (let n = 0; n < 1_000; n += 1) vm(rollouts, 'a', 'mac-1');
  expect(row()?.current.served).toBeLessThanOrEqual(200);
});
