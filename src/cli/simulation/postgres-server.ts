import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreError } from '../../store/store-error.ts';
import { askOnce } from './ask-once.ts';
import { freePort } from './free-port.ts';
import { postgresPrograms } from './postgres-programs.ts';

/** The role that may do everything. */
export const OWNER = 'owner';

/** Milliseconds between two looks whether the server answers, and how many of them there are. */
const LOOK_EVERY = 100;
const LOOKS = 300;

/** PostgreSQL refuses to run as root: another user of the machine then. */
function otherUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (kind: string, name: string) =>
    spawnSync('id', [kind, name], { encoding: 'utf8' }).stdout.trim();
  const name = id('-u', 'postgres') === '' ? 'nobody' : 'postgres';
  return { uid: Number(id('-u', name)), gid: Number(id('-g', name)) };
}

export interface ServerOptions {
  /** Port on loopback; a free one by default. */
  port?: number;
  /** Lines for postgresql.conf. */
  settings?: Record<string, string>;
  /** Puts files into the folder of the server before it starts, such as a certificate. */
  prepare?(folder: string, user: { uid?: number; gid?: number }): void | Promise<void>;
}

/**
 * A PostgreSQL server of its own on loopback, without a password; its files are in a temporary folder. It ends with
 * this process, unless that is killed with SIGKILL.
 */
export class PostgresServer {
  readonly port: number;
  readonly folder: string;
  readonly #settings: Record<string, string>;
  #process: ChildProcess | null = null;

  /** Throws a StoreError when this machine cannot run one. */
  static async start({ port, settings = {}, prepare }: ServerOptions = {}): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'jeballto-postgres-'));
    const server = new PostgresServer(folder, port ?? (await freePort(Math.random)), settings);
    try {
      const user = otherUser();
      if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
      const made = spawnSync(
        join(postgresPrograms() ?? '', 'initdb'),
        ['-D', join(folder, 'data'), '-U', OWNER, '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
        { encoding: 'utf8', cwd: folder, ...user },
      );
      if (made.status !== 0) throw cannotStart(made.stderr || String(made.error));
      await prepare?.(folder, user);
      await server.run();
      return server;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  private constructor(folder: string, port: number, settings: Record<string, string>) {
    this.folder = folder;
    this.port = port;
    this.#settings = settings;
    process.on('exit', this.#removeNow);
  }

  url(database = 'postgres', role = OWNER): string {
    return `postgres://${role}@127.0.0.1:${this.port}/${database}`;
  }

  /** Asks as the owner. */
  ask(text: string, values?: unknown[], database?: string) {
    return askOnce(this.url(database), text, values);
  }

  /** Starts the server, and waits until it answers. Throws a StoreError when it ends before that. */
  async run(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: 'off',
      ...this.#settings,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const server = spawn(
      join(postgresPrograms() ?? '', 'postgres'),
      ['-D', join(this.folder, 'data'), '-p', String(this.port), ...args],
      // A process group of its own: Ctrl-C in the terminal must not end the database before its users.
      { stdio: ['ignore', 'ignore', 'pipe'], cwd: this.folder, detached: true, ...otherUser() },
    );
    this.#process = server;
    let said = '';
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-1_000);
    });
    for (let looks = 0; ; looks += 1) {
      try {
        await this.ask('select 1');
        return;
      } catch (error) {
        if (server.exitCode !== null) throw cannotStart(said);
        if (looks > LOOKS) throw error;
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
      }
    }
  }

  /** Ends the server: `SIGINT` as an operator does it, `SIGQUIT` as if it had crashed. */
  async halt(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    const ended = this.#process;
    this.#process = null;
    if (!ended || ended.exitCode !== null) return;
    const closed = once(ended, 'exit');
    ended.kill(signal);
    await closed;
  }

  async remove(): Promise<void> {
    await this.halt('SIGQUIT');
    process.off('exit', this.#removeNow);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #removeNow = () => {
    this.#process?.kill('SIGQUIT');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  };
}

function cannotStart(said: string): StoreError {
  const last = said.trim().split('\n').at(-1) ?? '';
  return new StoreError(
    `A PostgreSQL server cannot be started here (${last}): correct that, or start one yourself.`,
  );
}
