import { describe, expect, test } from 'vitest';
import { parseImageReference } from '../../../src/simulator/agent/images/image-reference.ts';
import { imageResponse } from '../../../src/simulator/agent/images/image-store.ts';
import { isActive, pullResponse } from '../../../src/simulator/agent/images/pull-operation.ts';
import { cancelPull, listPulls, pullById, startPull } from '../../../src/simulator/agent/images/pulls.ts';
import { GIB } from '../../../src/simulator/agent/options.ts';
import { createVm } from '../../../src/simulator/agent/vms/creation.ts';
import { IMAGE, virtualWorld } from './agent-fixture.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

function reference(text: string) {
  const parsed = parseImageReference(text, null);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

const request = (name: string, image: string) => ({
  name,
  image,
  resources: {},
  namesResources: false,
  ephemeral: true,
  lifetimeSeconds: null,
});

describe('references', () => {
  test.each([
    ['ghcr.io/jeballto/macos-ci:latest', 'ghcr.io', null],
    ['localhost/x:1', 'localhost', null],
    ['registry:5000/x', 'registry:5000', null],
    [`ghcr.io/a/b@${DIGEST}`, 'ghcr.io', DIGEST],
  ])('%s names its registry', (text, registry, digest) => {
    expect(parseImageReference(text, null)).toMatchObject({ normalised: text, registry, digest });
  });

  test.each(['', 'ghcr.io/Upper/x', 'ghcr.io/x:', 'ghcr.io/x y', 'ghcr.io/x@sha256:12', 'ghcr.io//x'])(
    '%j is not one',
    (text) => {
      expect(parseImageReference(text, null)).toBe('syntax');
    },
  );

  test('without a registry use the default one, or are refused', () => {
    expect(parseImageReference('vms/macos:1', 'r.io')).toMatchObject({ normalised: 'r.io/vms/macos:1' });
    expect(parseImageReference('vms/macos:1', null)).toBe('registry missing');
  });
});

describe('create from an image', () => {
  test('pulls it as a listed operation, and the VM is in no list before the response', async () => {
    const { world, clock, life } = virtualWorld({ latencies: { pull: 8_000, clone: 4_000 } });
    const creating = createVm(world, request('vm', IMAGE), life());
    await clock.pass(4_500);
    const [pull] = [...world.pulls.values()];
    expect(pull && pullResponse(pull)).toMatchObject({ type: 'pull', status: 'running', progress: 0.5 });
    await clock.pass(6_000);
    expect(world.images.list()).toHaveLength(1);
    expect(world.vms.size).toBe(0);
    const vm = await clock.finish(creating);
    expect(vm).toMatchObject({ state: 'stopped', resources: { cpuCount: 4 } });
    expect(world.vms.size).toBe(1);
  });

  test('of a cached image is quick', async () => {
    const { world, clock, act, life } = virtualWorld({
      latencies: { pull: 600_000, clone: 100, resolve: 5 },
    });
    await act.create('first');
    const before = clock.now();
    await clock.finish(createVm(world, request('second', IMAGE), life()));
    expect(clock.now() - before).toBe(105);
  });

  test('ends with 499 and without a VM when its pull is cancelled', async () => {
    const { world, clock, life } = virtualWorld({ latencies: { pull: 60_000 } });
    const creating = createVm(world, request('vm', IMAGE), life());
    const outcome = expect(creating).rejects.toMatchObject({ status: 499, code: 'IMAGE_PULL_CANCELLED' });
    await clock.pass(1_000);
    const [pull] = [...world.pulls.values()];
    const cancelled = await clock.finish(cancelPull(world, pull?.id ?? ''));
    await outcome;
    expect(cancelled.status).toBe('cancelled');
    expect(world.vms.size).toBe(0);
    await expect(cancelPull(world, cancelled.id)).rejects.toMatchObject({
      status: 409,
      code: 'IMAGE_OPERATION_NOT_RUNNING',
    });
  });

  test('leaves nothing behind when the connection is reset during the copy', async () => {
    const { world, clock, act } = virtualWorld({ latencies: { clone: 10_000 } });
    await act.create('first');
    const reset = new AbortController();
    const creating = createVm(world, request('second', IMAGE), reset.signal);
    const outcome = expect(creating).rejects.toThrow('reset');
    await clock.pass(5_000);
    reset.abort(new Error('reset'));
    await outcome;
    await clock.pass(60_000);
    expect(world.vms.size).toBe(1);
    expect(world.images.list()[0]?.claims).toBe(0);
  });

  test('with resources beyond the host fails after the pull', async () => {
    const resources = { cpuCount: 12, memorySize: 8 * GIB, diskSize: 64 * GIB };
    const { world, act } = virtualWorld({
      host: { cpus: 12 },
      registry: { images: { [IMAGE]: { resources } } },
    });
    await expect(act.create()).rejects.toMatchObject({ status: 400, code: 'CREATE_FAILED' });
    expect(world.images.list()).toHaveLength(1);
    expect(world.vms.size).toBe(0);
  });

  test('can fail after the VM was made', async () => {
    const { world, faults, act } = virtualWorld();
    faults.add({ route: 'mac create *', status: 500, drop: 'after', times: 1 });
    await expect(act.create()).rejects.toMatchObject({ status: 500, code: 'CREATE_FAILED' });
    expect(world.vms.size).toBe(1);
  });
});

describe('the cache', () => {
  test('keeps a tag and the digest behind it as two images', async () => {
    const { world, act } = virtualWorld({ registry: { images: { [IMAGE]: { digest: DIGEST } } } });
    await act.create('a', { image: IMAGE });
    await act.create('b', { image: `ghcr.io/jeballto/macos-ci@${DIGEST}` });
    expect(world.images.list().map((image) => image.digest)).toEqual([DIGEST, DIGEST]);
  });

  test('asks the registry for a tag even when the image is local, but not for a digest', async () => {
    const unreachable: string[] = [];
    const { world, act } = virtualWorld({ registry: { unreachable } });
    const pinned = `ghcr.io/jeballto/macos-ci@${DIGEST}`;
    await act.create('a');
    await act.create('b', { image: pinned });
    unreachable.push('ghcr.io');
    await expect(act.create('c')).rejects.toMatchObject({ status: 503, code: 'IMAGE_PULL_FAILED' });
    await act.create('d', { image: pinned });
    expect(world.vms.size).toBe(3);
  });

  test('never has an image that the registry refuses, but every other one', async () => {
    const { world, act } = virtualWorld({ registry: { denied: [IMAGE] } });
    for (const name of ['a', 'b']) {
      await expect(act.create(name)).rejects.toMatchObject({
        status: 500,
        code: 'IMAGE_PULL_FAILED',
        message: 'received unexpected HTTP status code 403 while retrieving an authentication token (DENIED)',
      });
    }
    await act.create('c', { image: 'ghcr.io/jeballto/another:latest' });
    world.options.registry.denied = [];
    await act.create('d');
    expect(world.vms.size).toBe(2);
  });

  test('lists the path of an image, its age and its content', async () => {
    const resources = { cpuCount: 4, memorySize: 8 * GIB, diskSize: 80 * GIB };
    const { world, act } = virtualWorld({
      registry: { images: { [IMAGE]: { bytes: 20 * GIB, resources } } },
    });
    await act.create();
    const [image] = world.images.list().map(imageResponse);
    expect(image?.localPath).toMatch(/^\/.*\/Images\/[0-9A-F-]{36}\.bundle$/);
    expect(image).toMatchObject({
      size: 80 * GIB,
      metadata: { ownsLocalPath: 'true', imageFormat: 'chunked-zstd', architecture: 'arm64' },
    });
  });

  test('refuses to delete an image that is being copied', async () => {
    const { world, clock, act, life } = virtualWorld({ latencies: { clone: 10_000 } });
    await act.create('first');
    const creating = createVm(world, request('second', IMAGE), life());
    await clock.pass(1_000);
    const id = world.images.list()[0]?.id ?? '';
    expect(() => world.images.delete(id)).toThrow(expect.objectContaining({ code: 'IMAGE_IN_USE' }));
    await clock.finish(creating);
    world.images.delete(id);
    expect(world.vms.size).toBe(2);
  });
});

describe('pull operations', () => {
  test('run at most eight at a time, creates included', async () => {
    const { world, clock, act, life } = virtualWorld({ latencies: { pull: 60_000 } });
    const pulls = Array.from({ length: 8 }, (_, index) =>
      startPull(world, reference(`r.io/image:${index}`), null, life()),
    );
    const refused = { status: 429, code: 'TOO_MANY_IMAGE_OPERATIONS' };
    expect(() => startPull(world, reference('r.io/ninth'), null, life())).toThrow(
      expect.objectContaining(refused),
    );
    await expect(act.create()).rejects.toMatchObject(refused);
    await clock.finish(Promise.all(pulls.map((pull) => pull.ended)));
    await act.create();
  });

  test('of one reference run one after another, and the second uses the image of the first', async () => {
    const { world, clock, life } = virtualWorld({ latencies: { pull: 10_000, resolve: 0 } });
    const [first, second] = [1, 2].map(() => startPull(world, reference(IMAGE), null, life()));
    const before = clock.now();
    await clock.finish(Promise.all([first?.ended, second?.ended]));
    expect(clock.now() - before).toBe(10_000);
    expect(second?.image).toBe(first?.image);
  });

  test('are listed newest first', async () => {
    const { world, clock, life } = virtualWorld({ latencies: { pull: 60_000 } });
    for (const name of ['first', 'second', 'third']) {
      startPull(world, reference(`r.io/${name}`), null, life());
      await clock.pass(1_000);
    }
    const newestFirst = ['r.io/third', 'r.io/second', 'r.io/first'];
    expect(listPulls(world, true).map((pull) => pull.reference)).toEqual(newestFirst);
  });

  test('are started until there is progress, and then have progress and speed', async () => {
    const { world, clock, life } = virtualWorld({
      latencies: { resolve: 1_000, pull: 8_000 },
      registry: { images: { [IMAGE]: { bytes: 4_000_000_000 } } },
    });
    const operation = startPull(world, reference(IMAGE), null, life());
    await clock.pass(500);
    const begun = pullResponse(operation);
    expect(begun).toMatchObject({ status: 'started', bytesCompleted: 0, chunksCompleted: 0 });
    for (const unknown of ['progress', 'averageSpeedMBps', 'bytesTotal', 'chunksTotal'])
      expect(begun).not.toHaveProperty(unknown);
    await clock.pass(500);
    expect(pullResponse(operation)).toMatchObject({ status: 'running', progress: 0 });
    expect(pullResponse(operation)).not.toHaveProperty('averageSpeedMBps');
    await clock.pass(4_000);
    const half = { status: 'running', progress: 0.5, averageSpeedMBps: 400, bytesTotal: 4_000_000_000 };
    expect(pullResponse(operation)).toMatchObject(half);
    await clock.finish(operation.ended);
    expect(pullResponse(operation)).toMatchObject({
      status: 'completed',
      progress: 1,
      averageSpeedMBps: 444.44,
    });
  });

  test('of a local image go from started to completed, with full progress and no bytes', async () => {
    const { world, clock, act, life } = virtualWorld({ latencies: { resolve: 1_000 } });
    await act.create();
    const operation = startPull(world, reference(IMAGE), null, life());
    await clock.pass(500);
    expect(pullResponse(operation).status).toBe('started');
    await clock.finish(operation.ended);
    const response = pullResponse(operation);
    expect(response).toMatchObject({
      status: 'completed',
      progress: 1,
      bytesCompleted: 0,
      chunksCompleted: 0,
    });
    expect(response).not.toHaveProperty('averageSpeedMBps');
  });

  test.each([
    [503, 'IMAGE_PULL_REGISTRY_UNAVAILABLE', 'IMAGE_PULL_FAILED'],
    [504, 'IMAGE_PULL_TIMEOUT', 'IMAGE_PULL_FAILED'],
    [500, 'IMAGE_PULL_FAILED', 'IMAGE_PULL_FAILED'],
  ])('have another code for a failure %i than the blocking route', async (status, polled, blocking) => {
    const { world, clock, faults, act, life } = virtualWorld();
    faults.add({ route: `mac pull ${IMAGE}`, status });
    const operation = startPull(world, reference(IMAGE), null, life());
    await clock.finish(operation.ended);
    expect(pullResponse(operation)).toMatchObject({ status: 'failed', errorCode: polled });
    await expect(act.create()).rejects.toMatchObject({ status, code: blocking });
  });

  test('end at their deadline', async () => {
    const { world, clock, life } = virtualWorld({ latencies: { pull: 60_000 } });
    const operation = startPull(world, reference(IMAGE), 5_000, life());
    const before = clock.now();
    await clock.finish(operation.ended);
    expect(clock.now() - before).toBe(5_000);
    expect(pullResponse(operation)).toMatchObject({ status: 'failed', errorCode: 'IMAGE_PULL_TIMEOUT' });
  });

  test('are kept after their end, at most a hundred of them', async () => {
    const { world, clock, life } = virtualWorld();
    const first = startPull(world, reference('r.io/first'), null, life());
    await clock.finish(first.ended);
    for (let index = 0; index < 100; index += 1) {
      await clock.finish(startPull(world, reference(IMAGE), null, life()).ended);
    }
    expect([...world.pulls.values()].filter((pull) => !isActive(pull)).length).toBeLessThanOrEqual(101);
    startPull(world, reference(IMAGE), null, life());
    expect(() => pullById(world, first.id)).toThrow(
      expect.objectContaining({ status: 404, code: 'IMAGE_OPERATION_NOT_FOUND' }),
    );
  });
});
