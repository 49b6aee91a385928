import { writeFileSync } from 'node:fs';
import { adminAddress, downloadFrom } from '../../admin-client.ts';
import { ExitCode, type Terminal } from '../../command.ts';
import { notWritten } from '../../not-written.ts';
import { readConfig } from '../../read-config.ts';

export interface ScreenOptions {
  config?: string;
  output?: string;
  force?: boolean;
  json?: boolean;
}

/** Milliseconds: the daemon gives the host ten seconds. */
const SCREEN_TIMEOUT_MS = 15_000;

/**
 * Saves the screen of a job's VM as a PNG, or writes it to standard output for `-o -`. Throws a NoDaemonError when no
 * daemon answers, the job has no VM or its host does not respond, and a UsageError when the file cannot be written.
 */
export async function screenCommand(
  jobId: number,
  { config, output = `job-${jobId}.png`, force = false, json }: ScreenOptions,
  terminal: Terminal,
  write: (bytes: Uint8Array) => void = (bytes) => void process.stdout.write(bytes),
): Promise<number> {
  const daemon = adminAddress(readConfig(config, terminal).config);
  const png = await downloadFrom(daemon, `/api/jobs/${jobId}/screen`, SCREEN_TIMEOUT_MS);
  if (output === '-') {
    write(png);
    return ExitCode.ok;
  }
  try {
    // A screen may show whatever the job printed.
    writeFileSync(output, png, { mode: 0o600, flag: force ? 'w' : 'wx' });
  } catch (error) {
    throw notWritten(output, error);
  }
  terminal.out(json ? JSON.stringify({ jobId, file: output, bytes: png.length }) : output);
  return ExitCode.ok;
}
