import { spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import ssh2, { type Connection } from 'ssh2';

export interface ShellServer {
  port: number;
  /** Closes every connection without an SSH message. */
  cut(): void;
  close(): Promise<void>;
}

/** An SSH server that runs each command with this machine's shell and `home` as home folder. */
export async function startShellServer({
  home,
  password,
  prompts = false,
  rewrite = (command) => command,
}: {
  home: string;
  password: string;
  /** Asks for the password instead of taking it, as a server with PasswordAuthentication off does. */
  prompts?: boolean;
  rewrite?: (command: string) => string;
}): Promise<ShellServer> {
  const connections = new Set<Connection>();
  // Not ed25519: ssh2 drops a leading zero of those keys, so that one in 256 cannot be read.
  const hostKey = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private;
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
    connections.add(connection);
    connection.on('error', () => {});
    // Without it each response waits for the client's delayed acknowledgement.
    (connection as unknown as { setNoDelay(on: boolean): void }).setNoDelay(true);
    connection.on('close', () => connections.delete(connection));
    connection.on('authentication', (context) => {
      if (prompts && context.method === 'keyboard-interactive') {
        context.prompt([{ prompt: 'Password: ', echo: false }], ([answer]) => {
          if (answer === password) context.accept();
          else context.reject();
        });
      } else if (!prompts && context.method === 'password' && context.password === password) context.accept();
      else context.reject([prompts ? 'keyboard-interactive' : 'password']);
    });
    connection.on('session', (accept) => {
      const session = accept();
      session.on('pty', (_accept, reject) => reject?.());
      session.on('exec', (acceptExec, _reject, { command }) => {
        const channel = acceptExec();
        const child = spawn('/bin/sh', ['-c', rewrite(command)], {
          cwd: home,
          env: { PATH: process.env.PATH, HOME: home },
        });
        channel.on('error', () => {});
        child.stdin.on('error', () => {});
        channel.pipe(child.stdin);
        child.stdout.pipe(channel, { end: false });
        child.stderr.pipe(channel.stderr, { end: false });
        // As a real server does when the client is gone: the pipes close, the process runs on.
        channel.on('close', () => {
          for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
        });
        child.on('close', (code, signal) => {
          if (signal !== null) channel.exit(signal.replace('SIG', ''));
          else channel.exit(code ?? 0);
          channel.end();
        });
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const connection of connections)
      (connection as unknown as { _sock: { destroy(): void } })._sock.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    async close() {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
