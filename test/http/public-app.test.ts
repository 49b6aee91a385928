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
  test('gives deliveries to the receiver', async () => {
    const answer = await app().request('/webhook', { method: 'POST' });
    expect([answer.status, await answer.json()]).toEqual([202, { message: 'stored' }]);
  });

  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])(
    'takes deliveries by POST alone, not by %s',
    async (method) => {
      const webhook = vi.fn();
      const answer = await app({ webhook }).request('/webhook', { method });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
      expect(webhook).not.toHaveBeenCalled();
    },
  );

  test('says that it is healthy', async () => {
    const answer = await app().request('/healthz');
    expect([answer.status, await answer.json()]).toEqual([200, { ok: true }]);
  });

  test('says that it is not, and no reason to strangers', async () => {
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
  ])('has nothing else: %s %s', async (method, path) => {
    expect((await app().request(path, { method })).status).toBe(404);
  });

  test('tells strangers nothing of a fault, and prints nothing of it', async () => {
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
