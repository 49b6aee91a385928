import { expect, test } from 'vitest';
import { ConnectionPool } from '../../src/guest/connection-pool.ts';
import { guestUnreachable } from '../../src/guest/guest-failure.ts';
import type { GuestLogin } from '../../src/guest/guest-session.ts';
import { ManualClock, settled } from '../support/manual-clock.ts';

const TARGET = { host: '127.0.0.1', port: 2222, user: 'admin' };

/** Guests that record each login, all with the host key of their image. */
function rig() {
  const clock = new ManualClock(0);
  const logins: { isOpen: boolean; breaks: boolean }[] = [];
  const pool = new ConnectionPool(async (options): Promise<GuestLogin> => {
    const login = { isOpen: true, breaks: false };
    logins.push(login);
    return {
      hostKey: 'key of the image',
      run: async () => {
        if (login.breaks) throw guestUnreachable(TARGET, 'it hung up');
        return { code: 0, signal: null, stdout: String(options.hostKey), stderr: '' };
      },
      isOpen: () => login.isOpen,
      close: () => {
        login.isOpen = false;
      },
    };
  }, clock);
  const acquire = (hostKey: string | null, vmId = 'one') =>
    pool.acquire({ vmId, address: async () => TARGET, user: 'admin', connectTimeoutMs: 1_000, hostKey });
  return { clock, pool, logins, acquire };
}

test('the steps of a job share one login, which is closed when it was not used for 30 s', async () => {
  const { clock, logins, acquire } = rig();
  const first = await acquire(null);
  first.close();
  for (let steps = 0; steps < 3; steps += 1) {
    await clock.pass(20_000);
    const next = await acquire('key of the image');
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

test('a login in use stays open, however long, and also when another step ends', async () => {
  const { clock, logins, acquire } = rig();
  const watching = await acquire(null);
  (await acquire('key of the image')).close();
  await clock.passUntil(3_600_000);
  await settled();
  expect(logins).toEqual([{ isOpen: true, breaks: false }]);
  await watching.run('true');
});

test('a VM never gets the login of another VM, even with the same port and host key', async () => {
  const { logins, acquire } = rig();
  (await acquire(null)).close();
  (await acquire('key of the image', 'another')).close();
  (await acquire('key of the image')).close();
  expect(logins).toHaveLength(2);
});

test('a new login is made when the host key is not known yet, and is shared from then on', async () => {
  const { logins, acquire } = rig();
  (await acquire(null)).close();
  (await acquire(null)).close();
  (await acquire('another key')).close();
  expect(logins.map(({ isOpen }) => isOpen)).toEqual([false, true]);
});

test('a broken login is not used again, whether it broke during a step or between two steps', async () => {
  const { logins, acquire } = rig();
  const first = await acquire(null);
  Object.assign(logins[0] ?? {}, { breaks: true });
  await expect(first.run('true')).rejects.toMatchObject({ failure: { code: 'GUEST_UNREACHABLE' } });
  const second = await acquire('key of the image');
  first.close();
  second.close();
  Object.assign(logins[1] ?? {}, { isOpen: false });
  await (await acquire('key of the image')).run('true');
  expect(logins.map(({ isOpen }) => isOpen)).toEqual([false, false, true]);
});

test('when the pool closes, idle logins are closed at once, and the others when they are given back', async () => {
  const { pool, logins, acquire } = rig();
  const used = await acquire(null);
  pool.close();
  expect(logins[0]?.isOpen).toBe(true);
  used.close();
  expect(logins[0]?.isOpen).toBe(false);
  (await acquire('key of the image')).close();
  expect(logins.map(({ isOpen }) => isOpen)).toEqual([false, false]);
});
