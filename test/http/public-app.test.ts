import { describe, expect, test, vi } from 'vitest';
import { createPublicApp, type PublicAppOptions } from '../../src/http/public-app.ts';

function app(over: Partial<PublicAppOptions> = {}) {
  return createPublicApp({
    webhook: (c) => c.json({ message: 'stored' }, 202),
    watch: (_c, next) => next(),
    canStore: () => true,
    ...over,
  });
}

describe('the public listener', () => {
  test('passes deliveries to the receiver', async () => {
    const answer = await app().request('/webhook', { method: 'POST' });
    expect([answer.status, await answer.json()]).toEqual([202, { message: 'stored' }]);
  });

  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])(
    'accepts deliveries with POST only, not with %s',
    async (method) => {
      const webhook = vi.fn();
      const answer = await app({ webhook }).request('/webhook', { method });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
      expect(webhook).not.toHaveBeenCalled();
    },
  );

  test('returns 200 for /healthz when the daemon is healthy', async () => {
    const answer = await app().request('/healthz');
    expect([answer.status, await answer.json()]).toEqual([200, { ok: true }]);
  });

  test('returns 503 for /healthz when the daemon is not healthy, without a reason', async () => {
    const answer = await app({ canStore: () => false }).request('/healthz');
    expect([answer.status, await answer.json()]).toEqual([503, { ok: false }]);
  });

  test.each([
    ['GET', '/'],
    ['GET', '/api/jobs'],
    ['GET', '/metrics'],
    ['POST', '/api/collect'],
    ['POST', '/healthz'],
    ['GET', '/webhook/'],
    ['POST', '/webhook/x'],
    ['GET', '/%2e%2e/healthz/x'],
  ])('returns 404 for everything else: %s %s', async (method, path) => {
    expect((await app().request(path, { method })).status).toBe(404);
  });

  test('neither returns nor prints anything about an internal error', async () => {
    const print = vi.spyOn(console, 'error');
    const webhook = () => {
      throw new Error('SECRET');
    };
    const answer = await app({ webhook }).request('/webhook', { method: 'POST' });
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('SECRET');
    expect(print).not.toHaveBeenCalled();
    print.mockRestore();
  });
});
