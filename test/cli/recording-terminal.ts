import type { Terminal } from '../../src/cli/command.ts';
import { type Clock, systemClock } from '../../src/clock.ts';

/** A terminal that records what is written to it; without columns it behaves like a pipe. */
export function recordingTerminal(
  env: NodeJS.ProcessEnv = {},
  clock: Clock = systemClock,
  { columns = null, rows = null, color = false }: Partial<Pick<Terminal, 'columns' | 'rows' | 'color'>> = {},
) {
  const lines = { out: [] as string[], err: [] as string[] };
  const terminal: Terminal = {
    out: (line) => void lines.out.push(line),
    err: (line) => void lines.err.push(line),
    env,
    clock,
    ...{ columns, rows, color },
  };
  return { terminal, lines, text: () => lines.out.join('\n') };
}
