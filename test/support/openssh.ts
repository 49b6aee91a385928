import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { canRun } from './can-run.ts';

const SSHD = '/usr/sbin/sshd';

export interface Sshd {
  port: number;
  user: string;
  privateKeyPath: string;
  close(): Promise<void>;
}

/**
 * False, with the reason printed, on a machine without OpenSSH's server; in CI it fails instead. When it is
 * true, `startSshd` works.
 */
export function hasSshd(): boolean {
  return canRun(existsSync(SSHD) ? null : `a real OpenSSH is not here: install openssh-server for ${SSHD}`);
}

export interface SshdOptions {
  /** The home of the user who logs in, so that nothing touches the real one. */
  home?: string;
  /** Further environment variables of a login. */
  env?: Readonly<Record<string, string>>;
  /** Existing private keys, used in place of new ones. */
  keys?: { host_key: string; user_key: string };
}

/** New key files in a directory, as `startSshd` takes them. */
export function makeSshKeys(directory: string): { host_key: string; user_key: string } {
  const [host_key, user_key] = ['host_key', 'user_key'].map((name) => {
    const path = join(directory, name);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
    return path;
  }) as [string, string];
  return { host_key, user_key };
}

/** A real OpenSSH server on a loopback port that lets the current user in by key. */
export async function startSshd({ home, env, keys }: SshdOptions = {}): Promise<Sshd> {
  const directory = mkdtempSync(join(tmpdir(), 'jeballto-sshd-'));
  const path = (name: string) => join(directory, name);
  const { host_key, user_key } = keys ?? makeSshKeys(directory);
  const login = { ...env, ...(home !== undefined && { HOME: home }) };
  const port = await freePort();
  const user = userInfo().username;
  writeFileSync(
    path('sshd_config'),
    [
      'ListenAddress 127.0.0.1',
      `Port ${port}`,
      `HostKey ${host_key}`,
      `AuthorizedKeysFile ${user_key}.pub`,
      `PidFile ${path('pid')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      ...(Object.keys(login).length === 0
        ? []
        : [
            `SetEnv ${Object.entries(login)
              .map(([name, value]) => `${name}="${value}"`)
              .join(' ')}`,
          ]),
    ].join('\n'),
  );
  // sshd's directory for unprivileged children, which a service manager would create.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });

  const server = spawn(SSHD, ['-D', '-e', '-f', path('sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    await listening(server);
  } catch (error) {
    rmSync(directory, { recursive: true });
    throw error;
  }
  return {
    port,
    user,
    privateKeyPath: user_key,
    async close() {
      if (server.exitCode === null) {
        const ended = new Promise((resolve) => server.once('exit', resolve));
        server.kill();
        await ended;
      }
      rmSync(directory, { recursive: true });
    },
  };
}

/**
 * A real OpenSSH server that is started for each connection and has no host key: a connection that finds none
 * makes one, as on macOS with an image that was built without one. The key that was made last stays.
 */
export async function startKeylessSshd() {
  const directory = mkdtempSync(join(tmpdir(), 'jeballto-sshd-'));
  const path = (name: string) => join(directory, name);
  const { host_key, user_key } = makeSshKeys(directory);
  rmSync(host_key);
  const config = [`HostKey ${host_key}`, `AuthorizedKeysFile ${user_key}.pub`, 'StrictModes no', 'UsePAM no'];
  writeFileSync(path('sshd_config'), `${config.join('\n')}\n`);
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const serve = `if [ ! -s '${host_key}' ]; then
  sleep 0.4; ssh-keygen -q -t ed25519 -N '' -f '${directory}/new.'$$; mv '${directory}/new.'$$ '${host_key}'
fi
exec ${SSHD} -i -f '${path('sshd_config')}'`;
  const children = new Set<ChildProcess>();
  let connections = 0;
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    connections += 1;
    const child = spawn('/bin/sh', ['-c', serve], { stdio: [socket, socket, 'ignore'] });
    children.add(child);
    child.on('exit', () => children.delete(child));
    socket.on('error', () => undefined).destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: { host: '127.0.0.1', port: (server.address() as { port: number }).port },
    user: userInfo().username,
    privateKey: readFileSync(user_key, 'utf8'),
    connections: () => connections,
    loseHostKey: () => rmSync(host_key, { force: true }),
    async close() {
      await new Promise((resolve) => server.close(resolve));
      await Promise.all([...children].map((child) => once(child, 'exit')));
      rmSync(directory, { recursive: true });
    },
  };
}

function listening(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    server.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Server listening')) resolve();
    });
    server.once('exit', (code) => reject(new Error(`sshd ended with ${code}: ${said}`)));
    server.once('error', reject);
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
