import { type AdminAddress, adminAddress, askDaemon } from '../admin-client.ts';
import { ExitCode, type Terminal } from '../command.ts';
import { readConfig } from '../read-config.ts';
import { type JobsAnswer, jobRows } from '../terminal/job-rows.ts';
import { textTable } from '../terminal/terminal-text.ts';

/** Prints what the running daemon knows of its jobs. Throws a NoDaemonError when none answers. */
export async function jobsCommand(
  { config, json }: { config?: string; json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const daemon: AdminAddress = adminAddress(readConfig(config, terminal).config);
  const answer = (await askDaemon(daemon, 'GET', '/api/jobs')) as JobsAnswer;
  if (json) {
    terminal.out(JSON.stringify(answer));
  } else if (answer.jobs.length + answer.recent.length === 0) {
    terminal.out('No jobs: none is queued, and none has ended within the retention.');
  } else {
    for (const line of textTable(jobRows(answer, terminal.clock.now()))) terminal.out(line);
    if (answer.beyond) terminal.out(`and ${answer.beyond} more that wait in the queue`);
  }
  return ExitCode.ok;
}
