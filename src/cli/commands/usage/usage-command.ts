import { moment } from '../../../format.js';
import type { Answers } from '../../../http/admin/api/api-routes.ts';
import type { UsageBy } from '../../../journal/usage/usage-by.js';
import type { UsageRange } from '../../../journal/usage/usage-fold.ts';
import { adminAddress, askDaemon } from '../../admin-client.ts';
import { ExitCode, type Terminal, UsageError } from '../../command.ts';
import { readConfig } from '../../read-config.ts';
import { usageCsv } from './usage-csv.ts';
import { usageTable } from './usage-table.ts';

/** Milliseconds: the daemon reads its journal, some seconds for a week of a busy fleet. */
const USAGE_TIMEOUT_MS = 120_000;

interface UsageOptions extends UsageRange {
  config?: string;
  by: UsageBy;
  format: 'table' | 'csv' | 'json';
  json?: boolean;
}

/**
 * Prints who used the hosts in a time range (epoch ms). Throws a UsageError for a range without a length, and
 * a NoDaemonError when no daemon answers.
 */
export async function usageCommand(
  { config, since, until, by, format, json }: UsageOptions,
  terminal: Terminal,
): Promise<number> {
  if (since >= until) throw new UsageError('Write a --since that is before --until, and not in the future.');
  const daemon = adminAddress(readConfig(config, terminal).config);
  const path = `/api/usage?by=${by}&since=${since}&until=${until}`;
  const answer = (await askDaemon(daemon, 'GET', path, {
    timeoutMs: USAGE_TIMEOUT_MS,
  })) as Answers['/api/usage'];
  if (json || format === 'json') terminal.out(JSON.stringify(answer));
  else for (const line of format === 'csv' ? usageCsv(answer) : usageTable(answer)) terminal.out(line);
  if (answer.firstAt === null || answer.firstAt > since)
    terminal.err(
      answer.firstAt === null
        ? 'The journal is empty.'
        : `The journal begins at ${moment(answer.firstAt)}: nothing before that is in the figures.`,
    );
  return ExitCode.ok;
}
