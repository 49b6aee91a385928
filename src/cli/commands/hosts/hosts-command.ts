import type { Answers } from '../../../http/admin/api/api-routes.ts';
import { takesJobs } from '../../../journal/facts/takes-jobs.js';
import { type AdminAddress, adminAddress, askDaemon } from '../../admin-client.ts';
import { ExitCode, type Terminal } from '../../command.ts';
import { readConfig } from '../../read-config.ts';
import { printable, textTable } from '../../terminal/terminal-text.ts';
import { hostWords, type SeenHost } from './host-words.ts';

const HEAD = ['HOST', 'STATE', 'FREE', 'AGENT', ''];

/** Prints the hosts of the running daemon. Throws a NoDaemonError when no daemon answers. */
export async function hostsCommand(
  { config, json }: { config?: string; json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const hosts = await askForHosts(adminAddress(readConfig(config, terminal).config));
  if (json) terminal.out(JSON.stringify({ hosts }));
  else for (const line of textTable([HEAD, ...hosts.map(rowOf)])) terminal.out(line);
  return ExitCode.ok;
}

export async function askForHosts(daemon: AdminAddress): Promise<SeenHost[]> {
  return ((await askDaemon(daemon, 'GET', '/api/hosts')) as Answers['/api/hosts']).hosts;
}

function rowOf(host: SeenHost): string[] {
  const { name, state, cordon, look, room } = host;
  return [
    printable(name),
    cordon && takesJobs(state) ? 'cordoned' : printable(state),
    room ? `${room.free} of ${room.slots}` : '',
    look ? printable(look.version) : '',
    hostWords(host),
  ];
}
