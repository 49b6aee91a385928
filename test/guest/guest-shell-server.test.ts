import { describe, expect, test } from 'vitest';
import { Guest } from '../../src/guest/guest.ts';
import { openGuest } from '../../src/guest/open-guest.ts';
import type { StartGuest } from './guest-fixture.ts';
import { GuestHome } from './guest-home.ts';
import { runnerContract } from './runner-contract.ts';
import { sessionContract } from './session-contract.ts';
import { startShellServer } from './shell-server.ts';

const ACCESS = { user: 'admin', password: 'admin' };

const asLinux: StartGuest = async (home) => {
  const server = await startShellServer({ home, password: ACCESS.password });
  return { ...server, ...ACCESS, address: { host: '127.0.0.1', port: server.port } };
};

/** macOS: /bin/sh is bash in its POSIX mode, there is no /proc, and a process's start comes from ps. */
const asMacOs: StartGuest = async (home) => {
  const rewrite = (command: string) =>
    command.replaceAll('/bin/sh -c', 'bash --posix -c').replaceAll('/proc/self', '/no-proc');
  const server = await startShellServer({ home, password: ACCESS.password, rewrite });
  return { ...server, ...ACCESS, address: { host: '127.0.0.1', port: server.port } };
};

for (const contract of [sessionContract, runnerContract]) {
  contract('a guest with the shell of Linux', asLinux);
  contract('a guest with the shell of macOS', asMacOs);
}

describe('a login by password', () => {
  async function attempt(password: string, prompts: boolean): Promise<unknown> {
    const home = new GuestHome();
    const server = await startShellServer({ home: home.path, password: 'right', prompts });
    const address = async () => ({ host: '127.0.0.1', port: server.port });
    const options = { vmId: 'vm', address, user: 'admin', password, connectTimeoutMs: 5_000, hostKey: null };
    const outcome: unknown = await openGuest(options).then(
      (session) => session.close(),
      (error: unknown) => error,
    );
    await server.close();
    home.close();
    return outcome;
  }

  test.each([false, true])('succeeds, also when the server asks for the password (%s)', async (prompts) => {
    expect(await attempt('right', prompts)).toBeUndefined();
  });

  test.each([false, true])(
    'is refused with a wrong password, and the message names only the user (asking: %s)',
    async (prompts) => {
      const error = await attempt('wr0ng', prompts);
      expect(error).toMatchObject({ failure: { code: 'GUEST_LOGIN_REFUSED' } });
      expect(String(error)).toContain('"admin"');
      expect(String(error)).not.toContain('wr0ng');
    },
  );
});

test('a runner that hangs when asked for its version does not hang the probe', async () => {
  const home = new GuestHome();
  home.put('bin/Runner.Listener', '#!/bin/sh\nexec sleep 3600\n');
  const server = await startShellServer({ home: home.path, password: ACCESS.password });
  const address = async () => ({ host: '127.0.0.1', port: server.port });
  const session = await openGuest({ ...ACCESS, vmId: 'vm', address, connectTimeoutMs: 5_000, hostKey: null });
  const guest = new Guest(session, home.runner, new AbortController().signal);
  expect((await guest.probe()).runnerVersion).toBeNull();
  session.close();
  await server.close();
  home.close();
});
