import type { Command } from 'commander';
import { ExitCode, type Terminal } from '../command.ts';
import { completionScript, type SHELLS } from './completion-script.ts';

/** Prints a shell's script for completion. */
export async function completionCommand(
  shell: (typeof SHELLS)[number],
  program: Command,
  terminal: Terminal,
): Promise<number> {
  terminal.out(completionScript(program, shell).trimEnd());
  return ExitCode.ok;
}
