import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../store/postgres/migration/migrate.ts';
import { freePort } from './free-port.ts';

/** The role that the tables belong to, and the one that has only what the daemon needs. */
export const OWNER = 'owner';
export const DAEMON = 'daemon';

/** A database with the tables, from which those of the tests are made. */
export const TEMPLATE = 'migrated';

/** The folder of PostgreSQL's programs: that of the PATH, or the newest of Debian's; null when there is none. */
export function programs(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((one) => join(debian, one, 'bin')),
  ];
  const found = folders.find((folder) =>
    ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))),
  );
  // The PATH may have links to some of them only.
  return found === undefined ? null : dirname(realpathSync(join(found, 'initdb')));
}

/** Why no server can be started here; null when one can. */
export const whyNoServer = (): string | null =>
  programs() === null ? 'this machine has no PostgreSQL server (Debian: apt-get install postgresql)' : null;

/** PostgreSQL refuses to run as root: another user of the machine then. */
function otherUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (kind: string, name: string) =>
    spawnSync('id', [kind, name], { encoding: 'utf8' }).stdout.trim();
  const name = id('-u', 'postgres') === '' ? 'nobody' : 'postgres';
  return { uid: Number(id('-u', name)), gid: Number(id('-g', name)) };
}

interface Settings {
  /** Lines for postgresql.conf. */
  settings?: Record<string, string>;
  /** Puts files into the folder of the server before it starts, such as a certificate. */
  prepare?(folder: string, user: { uid?: number; gid?: number }): void;
}

/** A PostgreSQL server of its own on loopback, without a password; its files are in a temporary folder. */
export class PostgresServer {
  readonly port: number;
  readonly folder: string;
  readonly #settings: Record<string, string>;
  #process: ChildProcess | null = null;

  static async start({ settings = {}, prepare }: Settings = {}): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'jeballto-postgres-'));
    const user = otherUser();
    if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
    const made = spawnSync(
      join(programs() ?? '', 'initdb'),
      ['-D', join(folder, 'data'), '-U', OWNER, '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
      { encoding: 'utf8', cwd: folder, ...user },
    );
    if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr || made.error}`);
    prepare?.(folder, user);
    const server = new PostgresServer(folder, await freePort(Math.random), settings);
    try {
      await server.run();
      await server.ask(`create role ${DAEMON} login`);
      await server.ask(`create database ${TEMPLATE}`);
      await migrate(server.url(TEMPLATE, OWNER), DAEMON);
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
  }

  url(database: string, role = DAEMON): string {
    return `postgres://${role}@127.0.0.1:${this.port}/${database}`;
  }

  /** Asks as the owner. */
  async ask(text: string, values?: unknown[], database = 'postgres') {
    const client = new pg.Client({ connectionString: this.url(database, OWNER) });
    await client.connect();
    try {
      return await client.query(text, values);
    } finally {
      await client.end();
    }
  }

  /** Starts the server, and waits until it answers. */
  async run(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: 'off',
      ...this.#settings,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.#process = spawn(
      join(programs() ?? '', 'postgres'),
      ['-D', join(this.folder, 'data'), '-p', String(this.port), ...args],
      { stdio: 'ignore', cwd: this.folder, ...otherUser() },
    );
    for (let tries = 0; ; tries += 1) {
      try {
        await this.ask('select 1');
        return;
      } catch (error) {
        if (tries > 300 || this.#process.exitCode !== null) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
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
    rmSync(this.folder, { recursive: true, force: true });
  }
}
