import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Terminal, UsageError } from '../command.ts';
import { demoPorts } from '../demo/demo-ports.ts';
import type { Cleanup, DemoOptions } from '../demo/run-demo.ts';
import { postgresPrograms } from '../simulation/postgres-programs.ts';
import { listenForStop } from '../stop-signals.ts';

/**
 * Runs the whole system on this machine: a simulated world in this process, the real daemon in another
 * process, or several, and workflows that are pushed to it. Leaves nothing behind, even after Ctrl-C. Throws a
 * UsageError when a port is taken, or when there is no database for several daemons.
 */
export async function demoCommand(options: DemoOptions, terminal: Terminal): Promise<number> {
  const stop = listenForStop({
    signals: ['SIGINT', 'SIGTERM', 'SIGHUP'],
    clock: terminal.clock,
    force: (code) => process.exit(code),
  });
  const cleanup: Cleanup = [];
  try {
    const say = options.json ? terminal.err : terminal.out;
    if (options.controllers > 1 && options.postgresUrl === undefined && postgresPrograms() === null) {
      throw new UsageError(
        'Several controllers share a PostgreSQL database, and this machine has no server: install one (Debian: apt-get install postgresql, Mac: brew install postgresql@17), or name one with --postgres-url.',
      );
    }
    const ports = await demoPorts(options, Math.random);
    const folder = mkdtempSync(join(tmpdir(), 'jeballto-demo-'));
    const kept =
      options.controllers > 1 ? 'config and log of each controller' : 'config.json, daemon.log and the store';
    cleanup.push(() => options.keep && say(`Kept: ${folder} (${kept})`));
    const remove = () => {
      if (!options.keep) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    };
    // Also when a second Ctrl-C ends the process at once.
    process.on('exit', remove);
    cleanup.push(remove);
    const pages = ports.daemons.map(({ admin }) => `http://127.0.0.1:${admin}`);
    const which = pages.length === 1 ? 'Open it' : 'Each controller has a page of its own. Open any of them';
    say(`${pages.join('\n')}

  ${which} in a browser: every job, why it waits, why it failed. Starting ...`);
    // This import loads most of the program and takes a second or two, so the address is printed before it.
    const { runDemo } = await import('../demo/run-demo.ts');
    return await runDemo({ ...options, folder, ports }, terminal, stop, cleanup);
  } finally {
    for (const step of cleanup.reverse()) {
      try {
        await step();
      } catch {
        // A step that fails must not stop the others.
      }
    }
    stop.release();
  }
}
