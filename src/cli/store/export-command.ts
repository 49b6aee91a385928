import { resolve } from 'node:path';
import { exportStore } from '../../store/move/move-store.ts';
import { openEngine } from '../../store/open-store.ts';
import { ExitCode, type Terminal } from '../command.ts';
import { readConfig } from '../read-config.ts';
import { moveLog, tellMove } from './tell-move.ts';

/** Moves everything from the store of a config into a file. Throws a ConfigError and a StoreError. */
export async function exportCommand(
  file: string,
  { config, json }: { config?: string; json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const { store } = readConfig(config, terminal).config;
  const engine = await openEngine({ ...store, clock: terminal.clock, log: moveLog(terminal) });
  try {
    const target = resolve(file);
    const moved = await exportStore(engine, target, terminal.clock);
    tellMove(moved, engine.place, target, json === true, terminal);
  } finally {
    await engine.close();
  }
  return ExitCode.ok;
}
