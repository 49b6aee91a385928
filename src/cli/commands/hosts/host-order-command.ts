import { adminAddress, askDaemon } from '../../admin-client.ts';
import { ExitCode, type Terminal } from '../../command.ts';
import { readConfig } from '../../read-config.ts';
import { printable } from '../../terminal/terminal-text.ts';
import { hostWords } from './host-words.ts';
import { askForHosts } from './hosts-command.ts';

export interface HostOrder {
  what: 'cordon' | 'drain' | 'uncordon';
  host: string;
  /** When it ends by itself, as the daemon takes it. */
  until?: string;
  config?: string;
  json?: boolean;
}

/**
 * Gives an order to a host, and prints what is true of the host after it. Throws a NoDaemonError when no daemon
 * answers, or when it refuses.
 */
export async function hostOrderCommand(
  { what, host, until, config, json }: HostOrder,
  terminal: Terminal,
): Promise<number> {
  const daemon = adminAddress(readConfig(config, terminal).config);
  const end = until === undefined ? '' : `?until=${encodeURIComponent(until)}`;
  const answer = await askDaemon(daemon, 'POST', `/api/hosts/${encodeURIComponent(host)}/${what}${end}`, {
    operator: terminal.env.USER,
  });
  if (json) terminal.out(JSON.stringify(answer));
  else {
    const after = (await askForHosts(daemon)).find(({ name }) => name === host);
    if (after) terminal.out(`${printable(host)}: ${hostWords(after)}`);
  }
  return ExitCode.ok;
}
