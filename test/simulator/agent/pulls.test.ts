import { describe, expect, test } from 'vitest';
import { soon } from '../../support/soon.ts';
import { codeOf, IMAGE, servedWorld } from './agent-fixture.ts';

describe('pull operations', () => {
  test('are started with 202 at once when asynchronous, and polled with 200 until they complete', async () => {
    await using mac = await servedWorld({ latencies: { pull: 40 } });
    const started = await mac.call('POST', '/images/pull', { reference: IMAGE, async: true });
    expect(started.status).toBe(202);
    const { operationId, statusUrl } = started.body as { operationId: string; statusUrl: string };
    expect(statusUrl).toBe(`/v1/images/pull/operations/${operationId}`);
    expect((await mac.call('GET', '/images/pull/operations')).body).toMatchObject({
      total: 1,
      activeOnly: true,
    });
    await soon(async () => {
      const { body } = await mac.call('GET', `/images/pull/operations/${operationId}`);
      expect(body).toMatchObject({ status: 'completed', progress: 1, image: { reference: IMAGE } });
    });
    expect((await mac.call('GET', '/images/pull/operations')).body).toMatchObject({ total: 0 });
    expect((await mac.call('GET', '/images/pull/operations?activeOnly=false')).body).toMatchObject({
      total: 1,
    });
  });

  test('are polled with 200 also after a failure, while the blocking route returns the error', async () => {
    await using mac = await servedWorld({ registry: { unreachable: ['down.example'] } });
    const reference = 'down.example/x:1';
    const started = await mac.call('POST', '/images/pull', { reference, async: true });
    const { operationId } = started.body as { operationId: string };
    await soon(async () => {
      const { status, body } = await mac.call('GET', `/images/pull/operations/${operationId}`);
      expect([status, body]).toMatchObject([
        200,
        { status: 'failed', errorCode: 'IMAGE_PULL_REGISTRY_UNAVAILABLE' },
      ]);
    });
    const blocking = await mac.call('POST', '/images/pull', { reference });
    expect([blocking.status, codeOf(blocking.body)]).toEqual([503, 'IMAGE_PULL_FAILED']);
  });

  test('are refused with INVALID_REFERENCE for a bad reference, with INVALID_REQUEST for a bad timeout', async () => {
    await using mac = await servedWorld();
    const bad = await mac.call('POST', '/images/pull', { reference: 'UPPER' });
    expect([bad.status, codeOf(bad.body)]).toEqual([400, 'INVALID_REFERENCE']);
    const timeout = await mac.call('POST', '/images/pull', { reference: IMAGE, timeout: 0 });
    expect([timeout.status, codeOf(timeout.body)]).toEqual([400, 'INVALID_REQUEST']);
  });
});
