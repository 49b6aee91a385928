import { writeFileSync } from 'node:fs';
import type { EvidenceFile } from '../../../evidence/evidence-file.ts';
import { adminAddress, askDaemon } from '../../admin-client.ts';
import { ExitCode, type Terminal } from '../../command.ts';
import { notWritten } from '../../not-written.ts';
import { readConfig } from '../../read-config.ts';

export interface EvidenceOptions {
  config?: string;
  output?: string;
  force?: boolean;
  json?: boolean;
}

/** Milliseconds: the logs and screens of several attempts are megabytes. */
const EVIDENCE_TIMEOUT_MS = 30_000;

/**
 * Saves all that is known of a job as a file for `replay`. Throws a NoDaemonError when no daemon knows the job, and a
 * UsageError when the file cannot be written or is there already.
 */
export async function evidenceCommand(
  jobId: number,
  { config, output = `job-${jobId}.evidence.json`, force = false, json }: EvidenceOptions,
  terminal: Terminal,
): Promise<number> {
  const daemon = adminAddress(readConfig(config, terminal).config);
  await askDaemon(daemon, 'GET', `/api/jobs/${jobId}`);
  const file = (await askDaemon(daemon, 'GET', `/api/jobs/${jobId}/evidence`, {
    timeoutMs: EVIDENCE_TIMEOUT_MS,
  })) as EvidenceFile;
  try {
    // Other users of this machine must not read job names and the logs of guests.
    writeFileSync(output, JSON.stringify(file), { mode: 0o600, flag: force ? 'w' : 'wx' });
  } catch (error) {
    throw notWritten(output, error);
  }
  terminal.out(
    json
      ? JSON.stringify({ jobId, file: output, entries: file.journal.length })
      : `${output}: open it with jeballto-runner replay ${output}`,
  );
  return ExitCode.ok;
}
