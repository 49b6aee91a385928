import type { OrderAnswers } from '../../../http/admin/api/api-routes.ts';
import { holdWords } from '../../../journal/words/hold-words.js';
import { adminAddress, askDaemon } from '../../admin-client.ts';
import { ExitCode, type Terminal } from '../../command.ts';
import { readConfig } from '../../read-config.ts';
import { printable } from '../../terminal/terminal-text.ts';

export interface HoldOptions {
  /** How long, as the daemon takes it: `20m`. */
  for?: string;
  config?: string;
  json?: boolean;
}

/**
 * Orders that the VM in which a job fails is kept, and prints until when, or that the hold begins later. Throws a
 * NoDaemonError when no daemon answers, or when it refuses.
 */
export async function holdCommand(jobId: number, options: HoldOptions, terminal: Terminal): Promise<number> {
  const length = options.for === undefined ? '' : `?for=${encodeURIComponent(options.for)}`;
  const path = `/api/jobs/${jobId}/hold${length}`;
  const answer = (await order(path, options, terminal)) as OrderAnswers['/api/jobs/:id/hold'];
  if (options.json) terminal.out(JSON.stringify(answer));
  else if (answer.hold === null)
    terminal.out(
      `The VM of job ${jobId} is held as soon as the job or its attempt fails. It is not held now.`,
    );
  else {
    terminal.out(printable(holdWords(answer.hold, null, terminal.clock.now())));
    terminal.out(`Get in: jeballto-runner ssh ${jobId}`);
  }
  return ExitCode.ok;
}

/** Ends the hold of a job's VM, or takes back the order to hold it. Throws as `holdCommand`. */
export async function releaseCommand(
  jobId: number,
  options: Omit<HoldOptions, 'for'>,
  terminal: Terminal,
): Promise<number> {
  const answer = await order(`/api/jobs/${jobId}/release`, options, terminal);
  terminal.out(
    options.json ? JSON.stringify(answer) : `The VM of job ${jobId} is not held any more, or will not be.`,
  );
  return ExitCode.ok;
}

function order(path: string, { config }: HoldOptions, terminal: Terminal): Promise<unknown> {
  const daemon = adminAddress(readConfig(config, terminal).config);
  return askDaemon(daemon, 'POST', path, { operator: terminal.env.USER });
}
