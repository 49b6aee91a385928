import type { Client, ClientChannel } from 'ssh2';

/** The streams through which a person works in a guest; passed in, so that a test can take the person's place. */
export interface PersonStreams {
  stdin: NodeJS.ReadableStream;
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
  /** The person's terminal; null without one. */
  window: {
    columns: number;
    rows: number;
    /** The type of the terminal, such as `xterm-256color`. */
    term: string;
    /** Called when the guest's shell has begun, so that each key goes there; `changed` tells it a new size. */
    opened(changed: (columns: number, rows: number) => void): void;
  } | null;
}

/** Exit status of the system's own ssh for a connection that broke. */
const BROKEN = 255;

/**
 * Gives a person a shell in the guest, or runs one command there, until it ends. Returns its exit status; 255 when the
 * connection broke first. Rejects when the guest refuses a shell.
 */
export function attach(client: Client, command: string | null, streams: PersonStreams): Promise<number> {
  const { stdin, stdout, stderr, window } = streams;
  return new Promise((resolve, reject) => {
    const begun = (error: Error | undefined, channel: ClientChannel) => {
      if (error) return reject(error);
      let status = BROKEN;
      window?.opened((columns, rows) => channel.setWindow(rows, columns, 0, 0));
      channel.on('exit', (code: number | null) => {
        status = code ?? BROKEN;
      });
      channel.on('error', () => undefined);
      channel.on('close', () => {
        stdin.unpipe(channel);
        stdin.pause();
        resolve(status);
      });
      channel.pipe(stdout, { end: false });
      channel.stderr.pipe(stderr, { end: false });
      stdin.pipe(channel);
    };
    const pty = window && { term: window.term, cols: window.columns, rows: window.rows };
    if (command === null) client.shell(pty ?? false, begun);
    else client.exec(command, pty ? { pty } : {}, begun);
  });
}
