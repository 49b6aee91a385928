import { writeFile } from 'node:fs/promises';
import { adminAddress, askDaemon } from '../admin-client.ts';
import { ExitCode, type Terminal } from '../command.ts';
import { readConfig } from '../read-config.ts';

/** Saves all that is known of a job as a file for `replay`. Throws a NoDaemonError when no daemon knows the job. */
export async function evidenceCommand(
  jobId: number,
  { config, output = `job-${jobId}.evidence.json` }: { config?: string; output?: string },
  terminal: Terminal,
): Promise<number> {
  const daemon = adminAddress(readConfig(config, terminal).config);
  const file = await askDaemon(daemon, 'GET', `/api/jobs/${jobId}/evidence`);
  // Other users of this machine must not read job names and the logs of guests.
  await writeFile(output, JSON.stringify(file), { mode: 0o600 });
  terminal.out(`${output}: open it with jeballto-runner replay ${output}`);
  return ExitCode.ok;
}
