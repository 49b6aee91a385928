import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { openGuest } from '../../src/guest/open-guest.ts';
import { hasSshd, startSshd } from '../support/openssh.ts';
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
  test('is refused for a stranger', async () => {
    const [ours, theirs] = [await startSshd(), await startSshd()];
    const privateKey = readFileSync(theirs.privateKeyPath, 'utf8');
    const login = { vmId: 'vm', address: async () => ({ host: '127.0.0.1', port: ours.port }) };
    await expect(
      openGuest({ ...login, user: ours.user, privateKey, connectTimeoutMs: 10_000, hostKey: null }),
    ).rejects.toMatchObject({ failure: { code: 'GUEST_LOGIN_REFUSED' } });
    await Promise.all([ours.close(), theirs.close()]);
  });
});

/** A line to the server that can be cut in the middle, as the agent's port forward can. */
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
