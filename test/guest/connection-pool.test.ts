import { expect, test } from 'vitest';
import { ConnectionPool } from '../../src/guest/connection-pool.ts';
import { guestUnreachable } from '../../src/guest/guest-failure.ts';
import type { GuestLogin } from '../../src/guest/guest-session.ts';
import { ManualClock, settled } from '../support/manual-clock.ts';

const ADDRESS = { host: '127.0.0.1', port: 2222 };

/** Guests that note each login; `keyAt` is the key behind the port now. */
function rig() {
  const clock = new ManualClock(0);
  const logins: { isOpen: boolean; breaks: boolean }[] = [];
  const world = { keyAt: 'key of one' };
  const pool = new ConnectionPool(async (options): Promise<GuestLogin> => {
    const login = { isOpen: true, breaks: false };
    logins.push(login);
    return {
      hostKey: world.keyAt,
      run: async () => {
        if (login.breaks) throw guestUnreachable({ ...ADDRESS, user: 'admin' }, 'it hung up');
        return { code: 0, signal: null, stdout: String(options.hostKey), stderr: '' };
      },
      isOpen: () => login.isOpen,
      close: () => {
        login.isOpen = false;
      },
    };
  }, clock);
  const acquire = (hostKey: string | null) =>
    pool.acquire({ address: ADDRESS, user: 'admin', connectTimeoutMs: 1_000, hostKey });
  return { clock, pool, logins, acquire, world };
}

test('the steps of a job share one login, which ends when nobody has used it for a while', async () => {
  const { clock, logins, acquire } = rig();
  const first = await acquire(null);
  first.close();
  for (let steps = 0; steps < 3; steps += 1) {
    await clock.pass(20_000);
    const next = await acquire('key of one');
    await next.run('true');
    next.close();
    next.close();
  }
  expect(logins).toHaveLength(1);
  expect(logins[0]?.isOpen).toBe(true);
  await clock.pass(30_000);
  await settled();
  expect(logins[0]?.isOpen).toBe(false);
});

test('a login in use outlives any while, and another step’s end', async () => {
  const { clock, logins, acquire } = rig();
  const watching = await acquire(null);
  (await acquire('key of one')).close();
  await clock.passUntil(3_600_000);
  await settled();
  expect(logins).toEqual([{ isOpen: true, breaks: false }]);
  await watching.run('true');
});

test('a port that went to another VM finds no login of the VM before', async () => {
  const { logins, acquire, world } = rig();
  (await acquire(null)).close();
  world.keyAt = 'key of another';
  expect((await acquire('key of another')).hostKey).toBe('key of another');
  expect((await acquire(null)).hostKey).toBe('key of another');
  expect(logins).toHaveLength(3);
});

test('a broken login is not used again, whether it broke in a step or between two', async () => {
  const { logins, acquire } = rig();
  const first = await acquire(null);
  Object.assign(logins[0] ?? {}, { breaks: true });
  await expect(first.run('true')).rejects.toMatchObject({ failure: { code: 'GUEST_UNREACHABLE' } });
  const second = await acquire('key of one');
  first.close();
  second.close();
  Object.assign(logins[1] ?? {}, { isOpen: false });
  await (await acquire('key of one')).run('true');
  expect(logins.map(({ isOpen }) => isOpen)).toEqual([false, false, true]);
});

test('at the end idle logins end at once, and the others when they are given back', async () => {
  const { pool, logins, acquire } = rig();
  const used = await acquire(null);
  pool.close();
  expect(logins[0]?.isOpen).toBe(true);
  used.close();
  expect(logins[0]?.isOpen).toBe(false);
  (await acquire('key of one')).close();
  expect(logins.map(({ isOpen }) => isOpen)).toEqual([false, false]);
});
