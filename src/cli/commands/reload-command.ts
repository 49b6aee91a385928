import { changeLine } from '../../config/changes/config-changes.ts';
import type { ReloadResult } from '../../config/changes/reload-result.ts';
import { problemLine } from '../../config/config-error.ts';
import { counted } from '../../format.js';
import { adminAddress, askDaemon } from '../admin-client.ts';
import { ExitCode, type Terminal } from '../command.ts';
import { readConfig } from '../read-config.ts';
import { printable } from '../terminal/terminal-text.ts';

/** Milliseconds: a token may come from a command that asks a person, and calls under way may end first. */
const RELOAD_TIMEOUT_MS = 60_000;

/**
 * Makes the running daemon read its config again, and prints what changed, or the problems for which it was
 * refused. Throws a ConfigError when this command cannot read the config either, and a NoDaemonError when no
 * daemon answers.
 */
export async function reloadCommand(
  { config, json }: { config?: string; json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const daemon = adminAddress(readConfig(config, terminal).config);
  const result = (await askDaemon(daemon, 'POST', '/api/reload', {
    timeoutMs: RELOAD_TIMEOUT_MS,
    operator: terminal.env.USER,
  })) as ReloadResult;
  const { outcome, path, digest, changes, problems, warnings } = result;
  const isRefused = outcome === 'refused';
  if (json) terminal.out(JSON.stringify(result));
  else if (isRefused) {
    for (const problem of problems) terminal.err(printable(problemLine(problem)));
    terminal.err(`${counted(problems.length, 'problem')}: the daemon goes on with its config, ${digest}.`);
  } else {
    for (const change of changes) terminal.out(printable(changeLine(change)));
    for (const warning of warnings) terminal.err(printable(problemLine(warning)));
    terminal.out(
      outcome === 'unchanged'
        ? `Nothing has changed in ${path}: the daemon goes on with ${digest}.`
        : `${counted(changes.length, 'change of', 'changes of')} ${path} ${changes.length === 1 ? 'is' : 'are'} in force: ${digest}.`,
    );
  }
  return isRefused ? ExitCode.config : ExitCode.ok;
}
