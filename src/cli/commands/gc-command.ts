import type { CollectionStep } from '../../upkeep/plan-collection.ts';
import { adminAddress, askDaemon } from '../admin-client.ts';
import { ExitCode, type Terminal } from '../command.ts';
import { readConfig } from '../read-config.ts';
import { printable, textTable } from '../terminal/terminal-text.ts';

/** Milliseconds: a collection asks every host and GitHub before it is answered. */
const COLLECT_TIMEOUT_MS = 60_000;

/**
 * Makes the running daemon remove now what no record owns, or prints what it would do. The command never
 * opens the store itself: without the records of the daemon, no VM would seem to be owned. Throws a
 * NoDaemonError when no daemon answers.
 */
export async function gcCommand(
  { config, dryRun, json }: { config?: string; dryRun?: boolean; json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const daemon = adminAddress(readConfig(config, terminal).config);
  const path = `/api/collect${dryRun ? '?dryRun=true' : ''}`;
  if (terminal.columns !== null) terminal.err('The daemon asks every Mac and GitHub …');
  const answer = (await askDaemon(daemon, 'POST', path, { timeoutMs: COLLECT_TIMEOUT_MS })) as {
    dryRun: boolean;
    steps: CollectionStep[];
  };
  if (json) {
    terminal.out(JSON.stringify(answer));
  } else if (answer.steps.length === 0) {
    terminal.out('Nothing to collect: a record owns every VM and runner that has a name of this daemon.');
  } else {
    if (dryRun) terminal.out('Nothing was changed. A collection now would:');
    for (const line of textTable(answer.steps.map(row))) terminal.out(line);
  }
  return ExitCode.ok;
}

function row(step: CollectionStep): string[] {
  const where = step.kind === 'vm' ? step.host : step.scope;
  return [step.do, step.kind, step.name, `on ${printable(where)}:`, printable(step.why)];
}
