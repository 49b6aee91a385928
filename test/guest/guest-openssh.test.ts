import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { EffectWorld } from '../../src/effects/effect-world.ts';
import { withGuest } from '../../src/effects/guest/with-guest.ts';
import { openGuest } from '../../src/guest/open-guest.ts';
import { hasSshd, startKeylessSshd, startSshd } from '../support/openssh.ts';
import type { StartGuest } from './guest-fixture.ts';
import { runnerContract } from './runner-contract.ts';
import { sessionContract } from './session-contract.ts';

const present = hasSshd();

const withOpenSsh: StartGuest = async (home) => {
  const sshd = await startSshd({ home });
  const line = await startLine(sshd.port);
  return {
    address: { host: '127.0.0.1', port: line.port },
    user: sshd.user,
    privateKey: readFileSync(sshd.privateKeyPath, 'utf8'),
    cut: line.cut,
    async close() {
      await line.close();
      await sshd.close();
    },
  };
};

if (present) {
  sessionContract('a guest with a real OpenSSH server', withOpenSsh);
  runnerContract('a guest with a real OpenSSH server', withOpenSsh);
}

describe.skipIf(!present)('a login by key at a real OpenSSH server', () => {
  test('is refused with another key', async () => {
    const [ours, theirs] = [await startSshd(), await startSshd()];
    const privateKey = readFileSync(theirs.privateKeyPath, 'utf8');
    const login = { vmId: 'vm', address: async () => ({ host: '127.0.0.1', port: ours.port }) };
    await expect(
      openGuest({ ...login, user: ours.user, privateKey, connectTimeoutMs: 10_000, hostKey: null }),
    ).rejects.toMatchObject({ failure: { code: 'GUEST_LOGIN_REFUSED' } });
    await Promise.all([ours.close(), theirs.close()]);
  });
});

describe.skipIf(!present)('a real OpenSSH server without host keys', () => {
  const stays = new AbortController().signal;

  test('accepts a login within few connections, and is still accepted when it makes another host key later', async () => {
    const sshd = await startKeylessSshd();
    const { address, user, privateKey } = sshd;
    const guest = { user, password: null, privateKey, connectTimeout: 20_000, installPath: '~' };
    const agent = () => ({ sshStatus: async () => ({ status: 'ready', address }) });
    const world = { clock: systemClock, openGuest, guest, agent } as unknown as EffectWorld;
    const options = { vmId: 'vm', user, privateKey, connectTimeoutMs: 20_000, hostKey: null };
    const session = await openGuest({
      ...options,
      address: async () => address,
      hasAnswered: async () => false,
    });
    session.close();
    expect(sshd.connections()).toBeLessThanOrEqual(8);
    sshd.loseHostKey();
    const place = { host: 'mac', vmId: 'vm', hostKey: session.hostKey };
    const said = await withGuest(world, place, stays, (inside) => inside.session.run('echo in'));
    expect(said.stdout).toBe('in\n');
    await sshd.close();
  });
});

/** A port that forwards to the server and can be cut, as the agent's port forward can. */
async function startLine(to: number): Promise<{ port: number; cut(): void; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as { port: number }).port,
    cut,
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
