import type { Client, ClientChannel } from 'ssh2';
import { beginCall } from '../call-trace.ts';
import { DaemonError } from '../errors.ts';
import { span } from '../format.js';
import { attach, type PersonStreams } from './attach.ts';
import { type GuestTarget, guestUnreachable } from './guest-failure.ts';
import { type ScriptOutput, shellCommand } from './scripts/shell.ts';

export interface ScriptOptions {
  /** What the script is for, as the journal names it. */
  what?: string;
  args?: readonly string[];
  /** A secret may reach the guest only this way. */
  stdin?: string;
  /** Milliseconds; without it, until the script ends, the signal fires or the connection breaks. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}

export interface ScriptResult extends ScriptOutput {
  /** The signal that ended the script. */
  signal: string | null;
}

/** Bytes of each output stream that are kept; the rest of a longer output is dropped. */
const MAX_OUTPUT = 256 * 1024;

/**
 * A login in a guest. A script never has a terminal: with one, the guest would kill the processes that have to keep
 * running.
 */
export class GuestSession {
  /** Base64 SHA-256 of the host key that the guest presented. */
  readonly hostKey: string;
  readonly #client: Client;
  readonly #target: GuestTarget;
  #broken: string | null = null;

  constructor(client: Client, target: GuestTarget, hostKey: string) {
    this.hostKey = hostKey;
    this.#client = client;
    this.#target = target;
    client.on('error', (error) => {
      this.#broken ??= error.message;
    });
    client.on('close', () => {
      this.#broken ??= 'the connection was lost';
    });
  }

  /**
   * Runs a POSIX script by the guest's `/bin/sh`. Throws GUEST_UNREACHABLE when the connection breaks first (what
   * the script did is then unknown), GUEST_COMMAND_FAILED when it takes too long, or the signal's reason.
   */
  async run(
    script: string,
    { what = 'run a script', args = [], stdin = '', timeoutMs, signal }: ScriptOptions = {},
  ): Promise<ScriptResult> {
    const { host, port } = this.#target;
    const ended = beginCall({ system: 'guest', host: `${host}:${port}`, method: 'ssh', route: what });
    const late = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
    const stops = [signal, late].filter((stop) => stop !== undefined);
    try {
      const result = await this.#execute(shellCommand(script, args), stdin, AbortSignal.any(stops));
      ended(result.code);
      return result;
    } catch (error) {
      ended(null);
      if (!late?.aborted || signal?.aborted) throw error;
      throw new DaemonError(
        'GUEST_COMMAND_FAILED',
        `A command in the guest behind ${this.#target.host}:${this.#target.port} took longer than ${span(timeoutMs ?? 0)}.`,
      );
    }
  }

  /** Gives a person a shell, or runs one command of theirs; see `attach`. */
  attach(command: string | null, streams: PersonStreams): Promise<number> {
    return attach(this.#client, command, streams);
  }

  /** False once the connection is known to be lost. */
  isOpen(): boolean {
    return this.#broken === null;
  }

  /** Ends the connection. Detached processes in the guest go on. */
  close(): void {
    this.#broken ??= 'the connection was closed here';
    this.#client.end();
    this.#client.destroy();
  }

  #execute(command: string, stdin: string, stop: AbortSignal): Promise<ScriptResult> {
    return new Promise((resolve, reject) => {
      stop.throwIfAborted();
      let channel: ClientChannel | undefined;
      const onStop = () => {
        channel?.close();
        reject(stop.reason);
      };
      const stopListening = () => stop.removeEventListener('abort', onStop);
      const lost = (why: string) => {
        stopListening();
        reject(guestUnreachable(this.#target, this.#broken ?? why));
      };
      stop.addEventListener('abort', onStop, { once: true });
      try {
        this.#client.exec(command, (error, opened) => {
          if (error) return lost(error.message);
          if (stop.aborted) return void opened.close();
          channel = opened;
          const stdout = collect(opened);
          const stderr = collect(opened.stderr);
          let ending: Pick<ScriptResult, 'code' | 'signal'> | null = null;
          opened.on('exit', (code: number | null, name?: string) => {
            ending = { code, signal: name ?? null };
          });
          opened.on('error', (broken: Error) => lost(broken.message));
          opened.on('close', () => {
            // An end without an exit status is a broken connection: how the script ended is unknown.
            if (ending === null) return lost('it closed the connection while a command ran');
            stopListening();
            resolve({ ...ending, stdout: stdout(), stderr: stderr() });
          });
          opened.end(stdin);
        });
      } catch (error) {
        lost((error as Error).message);
      }
    });
  }
}

/** What callers use of a login. */
export type GuestLogin = Pick<GuestSession, 'hostKey' | 'run' | 'isOpen' | 'close'>;

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    const room = MAX_OUTPUT - length;
    if (room <= 0) return;
    chunks.push(chunk.subarray(0, room));
    length += Math.min(room, chunk.length);
  });
  return () => Buffer.concat(chunks).toString();
}
