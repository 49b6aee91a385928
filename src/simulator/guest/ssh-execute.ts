import ssh2, { type ClientChannel } from 'ssh2';
import type { GuestCommand, GuestCommandResult } from '../agent/hypervisor.ts';

/** The exit code of ssh itself when it cannot run the command. */
const SSH_FAILED = 255;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Runs a command as the agent does with its ssh: any host key, standard input empty, five seconds to connect.
 * A failure is a result with exit code 255; it rejects only when the signal aborts.
 */
export function executeOverSsh(
  port: number,
  { command, user, password }: GuestCommand,
  signal: AbortSignal,
): Promise<GuestCommandResult> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    const result: GuestCommandResult = { exitCode: SSH_FAILED, stdout: '', stderr: '' };
    const abort = () => {
      client.destroy();
      reject(signal.reason);
    };
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    client.on('error', (error) => {
      result.stderr += `ssh: ${error.message}\n`;
    });
    client.on('close', () => {
      signal.removeEventListener('abort', abort);
      resolve(result);
    });
    client.on('ready', () => {
      client.setNoDelay(true);
      client.exec(command, (error, channel) => {
        if (error) client.end();
        else collect(channel, result, () => client.end());
      });
    });
    client.connect({
      host: '127.0.0.1',
      port,
      username: user,
      readyTimeout: CONNECT_TIMEOUT_MS,
      ...(password === null ? {} : { password }),
    });
  });
}

function collect(channel: ClientChannel, result: GuestCommandResult, done: () => void): void {
  channel.setEncoding('utf8').on('data', (text: string) => {
    result.stdout += text;
  });
  channel.stderr.setEncoding('utf8').on('data', (text: string) => {
    result.stderr += text;
  });
  channel.on('exit', (code: number | null) => {
    result.exitCode = code ?? SSH_FAILED;
  });
  channel.on('close', done);
  channel.end();
}
