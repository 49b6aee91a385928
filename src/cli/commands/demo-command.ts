import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Terminal } from '../command.ts';
import { demoPorts } from '../demo/demo-ports.ts';
import type { Cleanup, DemoOptions } from '../demo/run-demo.ts';
import { listenForStop } from '../stop-signals.ts';

/**
 * Runs the whole system on this machine: a simulated world in this process, the real daemon in another
 * process, and workflows that are pushed to it. Leaves nothing behind, even after Ctrl-C. Throws a UsageError
 * when a port is taken.
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
    const ports = await demoPorts(options, Math.random);
    const folder = mkdtempSync(join(tmpdir(), 'jeballto-demo-'));
    cleanup.push(() => options.keep && say(`Kept: ${folder} (config.json, daemon.log and the store)`));
    const remove = () => {
      if (!options.keep) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    };
    // Also when a second Ctrl-C ends the process at once.
    process.on('exit', remove);
    cleanup.push(remove);
    say(`http://127.0.0.1:${ports.admin}

  Open it in a browser: every job, why it waits, why it failed. Starting ...`);
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
