import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../../clock.ts';

/** Three folders up, in the sources as in the build. */
const MAIN = fileURLToPath(
  new URL(`../../../main${extname(fileURLToPath(import.meta.url))}`, import.meta.url),
);

/** The only variables that the daemon gets: others could change its configuration. */
const PASSED_VARIABLES = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'NODE_OPTIONS', 'PGPASSWORD'];

export interface DaemonProcessOptions {
  configPath: string;
  /** File to which everything that the daemon writes is appended. */
  logPath: string;
  clock: Clock;
  env: NodeJS.ProcessEnv;
  /** Called with each line of the daemon's log. */
  onLine(line: string): void;
}

/**
 * The real daemon in a process of its own, which may be killed and started again with the same configuration.
 */
export class DaemonProcess {
  readonly #options: DaemonProcessOptions;
  readonly #log: number;
  #child: ChildProcess | null = null;

  constructor(options: DaemonProcessOptions) {
    this.#options = options;
    this.#log = openSync(options.logPath, 'a');
    // This listener has to run before the one that removes the files of the daemon.
    process.prependListener('exit', this.#killNow);
  }

  start(): void {
    const { configPath, env } = this.#options;
    const child = spawn(process.execPath, [...process.execArgv, MAIN, 'start', '--config', configPath], {
      env: Object.fromEntries(PASSED_VARIABLES.flatMap((name) => (env[name] ? [[name, env[name]]] : []))),
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own: Ctrl-C in the terminal reaches only the demonstration, which then stops the daemon.
      detached: true,
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        writeSync(this.#log, `${line}\n`);
        this.#options.onLine(line);
      });
    }
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** How the current process ended; null while it runs. */
  get ended(): string | null {
    const { exitCode, signalCode } = this.#child ?? {};
    return signalCode ?? (typeof exitCode === 'number' ? `status ${exitCode}` : null);
  }

  /** Makes the daemon read its config again. */
  reload(): void {
    if (this.ended === null) this.#child?.kill('SIGHUP');
  }

  /** Sends SIGKILL and waits for the end. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || this.ended !== null) return;
    const gone = once(child, 'close');
    child.kill('SIGKILL');
    await gone;
  }

  /** Sends SIGTERM. Returns the exit code, or null when the process had to be killed after `timeoutMs`. */
  async stop(timeoutMs: number): Promise<number | null> {
    const child = this.#child;
    if (!child) return null;
    if (this.ended === null) {
      const { clock } = this.#options;
      const gone = once(child, 'close');
      child.kill('SIGTERM');
      await Promise.race([gone, clock.sleepUntil(clock.now() + timeoutMs)]);
    }
    const { exitCode } = child;
    await this.kill();
    return exitCode;
  }

  /** Closes the log. The process has to have ended. */
  close(): void {
    process.off('exit', this.#killNow);
    closeSync(this.#log);
  }

  #killNow = () => {
    this.#child?.kill('SIGKILL');
  };
}
