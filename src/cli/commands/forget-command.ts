import { adminAddress, askDaemon } from '../admin-client.ts';
import { ExitCode, type Terminal } from '../command.ts';
import { readConfig } from '../read-config.ts';
import { printable } from '../terminal/terminal-text.ts';

/**
 * Makes the running daemon end a record as it is, and prints what may be left of its VM and runner. Throws a
 * NoDaemonError when no daemon answers, or when it has no such record.
 */
export async function forgetCommand(
  target: string,
  { config, json }: { config?: string; json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const daemon = adminAddress(readConfig(config, terminal).config);
  const answer = (await askDaemon(daemon, 'POST', `/api/records/${encodeURIComponent(target)}/forget`)) as {
    left: { vm: string | null; host: string | null; runner: string | null };
  };
  if (json) {
    terminal.out(JSON.stringify(answer));
    return ExitCode.ok;
  }
  const { vm, host, runner } = answer.left;
  terminal.out(`The record of ${printable(target)} has ended.`);
  if (vm) terminal.out(`Its VM ${printable(vm)} may still be on ${printable(host ?? '')}.`);
  if (runner) terminal.out(`Its runner ${printable(runner)} may still be registered at GitHub.`);
  if (vm || runner)
    terminal.out(
      'The collector removes what is left; "jeballto-runner gc --dry-run" shows what it would do.',
    );
  return ExitCode.ok;
}
