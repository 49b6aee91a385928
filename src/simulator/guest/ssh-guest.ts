import { type ChildProcess, spawn } from 'node:child_process';
import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ServerChannel, type Session } from 'ssh2';
import type { Guest } from '../agent/hypervisor.ts';
import { type GuestHome, type GuestHomeOptions, makeGuestHome } from './guest-home.ts';
import { killGuestProcesses } from './guest-processes.ts';

export interface SshGuestOptions extends GuestHomeOptions {
  password: string;
  /** The image's private host key, in OpenSSH's form; a new one by default. */
  hostKey?: string;
  /** A public key in OpenSSH's form that may log in as well. */
  authorizedKey?: string;
  /** Address and port to listen on; loopback and any free port by default. */
  host?: string;
  listenPort?: number;
}

/** A guest that uses this machine's processes and a temporary directory as its home. */
export interface SshGuest extends Guest {
  readonly home: string;
}

/**
 * Starts a guest: a real SSH server whose commands run in this machine's own shell. As with sshd, a command
 * outlives its connection, and a detached process outlives its channel; `stop` ends all of them and removes
 * the home.
 */
export async function startSshGuest(options: SshGuestOptions): Promise<SshGuest> {
  const home = await makeGuestHome(options);
  const connections = new Set<Connection>();
  const sockets = new Set<Socket>();
  try {
    const { bannerMs = 0, makesHostKeys = 0 } = options.plan;
    const keys = Array.from({ length: makesHostKeys }, () => newKeyPair().private);
    if (keys.length === 0) keys.push(options.hostKey ?? newKeyPair().private);
    const daemons = keys.map((key) => {
      const daemon = new ssh2.Server({ hostKeys: [key] });
      return daemon.on('connection', (connection: Connection) => {
        connections.add(connection);
        connection.on('close', () => connections.delete(connection));
        serveConnection(connection, options, home);
      });
    });
    let made = 0;
    const server = createServer((socket) => {
      const daemon = daemons[Math.min(made, daemons.length - 1)];
      made += 1;
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
      if (bannerMs === 0) daemon?.injectSocket(socket);
      else setTimeout(() => socket.destroyed || daemon?.injectSocket(socket), bannerMs);
    });
    server.listen(options.listenPort ?? 0, options.host ?? '127.0.0.1');
    await once(server, 'listening');
    return {
      home: home.path,
      port: (server.address() as AddressInfo).port,
      stop: async () => {
        server.close();
        for (const connection of connections) connection.end();
        for (const socket of sockets) socket.destroy();
        await killGuestProcesses(home);
        await home.remove();
      },
    };
  } catch (error) {
    await home.remove();
    throw error;
  }
}

/**
 * Returns a fresh ed25519 pair in OpenSSH's form. ssh2 1.17 writes about one private key in 300 in a form that it
 * cannot read itself, so a pair is used only when it could be read back.
 */
export function newKeyPair(): { private: string; public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}

function serveConnection(connection: Connection, options: SshGuestOptions, home: GuestHome): void {
  // Without this, each small exchange waits for a delayed acknowledgement.
  (connection as Connection & { setNoDelay(on: boolean): void }).setNoDelay(true);
  connection.on('authentication', (attempt) => authenticate(attempt, options));
  connection.on('session', (accept) => serveSession(accept(), home));
  connection.on('error', () => undefined);
}

function authenticate(attempt: AuthContext, options: SshGuestOptions): void {
  const methods: ('password' | 'publickey')[] = ['password', 'publickey'];
  const known = attempt.username === options.user && !options.plan.refuseLogin;
  if (known && attempt.method === 'password' && isSame(attempt.password, options.password)) attempt.accept();
  else if (known && attempt.method === 'publickey' && isAuthorized(attempt, options)) attempt.accept();
  else attempt.reject(methods);
}

function isAuthorized(attempt: AuthContext & { method: 'publickey' }, options: SshGuestOptions): boolean {
  if (options.authorizedKey === undefined) return false;
  const key = ssh2.utils.parseKey(options.authorizedKey);
  if (key instanceof Error) return false;
  const offered = isSame(attempt.key.data, key.getPublicSSH());
  const { signature, blob, hashAlgo } = attempt;
  return offered && (!signature || (blob !== undefined && key.verify(blob, signature, hashAlgo) === true));
}

function isSame(given: string | Buffer, expected: string | Buffer): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function serveSession(session: Session, home: GuestHome): void {
  const locale: Record<string, string> = {};
  let child: ChildProcess | null = null;
  session.on('env', (accept, reject, { key, val }) => {
    // What sshd usually allows; secrets are not passed this way.
    if (!/^(?:LANG|LC_[A-Z]+)$/.test(key)) return reject?.();
    locale[key] = val;
    accept?.();
  });
  session.on('exec', (accept, _reject, { command }) => {
    child = runCommand(accept(), command, home.path, { ...home.env, ...locale });
  });
  // A person's shell. It has no terminal here: it reads commands line by line and echoes nothing.
  session.on('pty', (accept) => accept());
  session.on('window-change', (accept) => accept?.());
  session.on('shell', (accept) => {
    child = runCommand(accept(), 'exec /bin/sh', home.path, { ...home.env, ...locale });
  });
  session.on('signal', (accept, _reject, { name }) => {
    accept?.();
    signalGroup(child, `SIG${name}` as NodeJS.Signals);
  });
}

/** The channel stays open until every process has closed the command's output, as with sshd. */
function runCommand(channel: ServerChannel, command: string, cwd: string, env: Record<string, string>) {
  const child = spawn('/bin/sh', ['-c', command], { cwd, env, detached: true, stdio: 'pipe' });
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  child.stdin.on('error', () => undefined);
  child.on('error', () => channel.exit(127));
  child.on('exit', (code, signal) => {
    if (signal !== null) channel.exit(signal.slice('SIG'.length), false, '');
    else channel.exit(code ?? 0);
  });
  child.on('close', () => channel.end());
  channel.on('error', () => undefined);
  channel.on('close', () => {
    // A lost connection does not end the command; the command only gets broken pipes.
    child.stdout.destroy();
    child.stderr.destroy();
    child.stdin.end();
  });
  return child;
}

function signalGroup(child: ChildProcess | null, signal: NodeJS.Signals): void {
  if (child?.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The process ended by itself before.
  }
}
