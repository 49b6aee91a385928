import { counted, quoted } from '../../format.js';
import type { Answers } from '../../http/admin/api/api-routes.ts';
import { type AdminAddress, adminAddress, askDaemon } from '../admin-client.ts';
import { ExitCode, type Terminal } from '../command.ts';
import { readConfig } from '../read-config.ts';
import { cordonNote } from '../terminal/cordon-note.ts';
import { jobTable } from '../terminal/job-table.ts';
import { cut, printable } from '../terminal/terminal-text.ts';

/** What `jobs` and `watch` show. */
export interface JobsAnswer {
  jobs: Answers['/api/jobs'];
  waiting: Answers['/api/waiting'];
  hosts: Answers['/api/hosts']['hosts'];
}

/** Prints the jobs of the running daemon. Throws a NoDaemonError when no daemon answers. */
export async function jobsCommand(
  { config, json }: { config?: string; json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const answer = await askForJobs(adminAddress(readConfig(config, terminal).config));
  if (json) terminal.out(jobsJson(answer));
  else for (const line of jobsLines(answer, terminal)) terminal.out(line);
  return ExitCode.ok;
}

export async function askForJobs(daemon: AdminAddress): Promise<JobsAnswer> {
  const [jobs, waiting, hosts] = await Promise.all([
    askDaemon(daemon, 'GET', '/api/jobs'),
    askDaemon(daemon, 'GET', '/api/waiting'),
    askDaemon(daemon, 'GET', '/api/hosts'),
  ]);
  return {
    jobs: jobs as JobsAnswer['jobs'],
    waiting: waiting as JobsAnswer['waiting'],
    hosts: (hosts as Answers['/api/hosts']).hosts,
  };
}

export function jobsJson({ jobs, waiting: { waiting, unserved } }: JobsAnswer): string {
  return JSON.stringify({ ...jobs, waiting, unserved });
}

/**
 * Returns the table of jobs, then cordons, and queued jobs that no profile matches.
 */
export function jobsLines(
  { jobs, waiting: { waiting, unserved }, hosts }: JobsAnswer,
  { clock, columns, color }: Pick<Terminal, 'clock' | 'columns' | 'color'>,
  rows?: number,
): string[] {
  const notes = [...cordonNotes(hosts), ...unservedNotes(unserved)].map((line) =>
    columns === null ? line : cut(line, columns),
  );
  if (jobs.jobs.length + jobs.recent.length === 0) {
    return ['No jobs: none is queued, and none ended within store.retention.', ...notes];
  }
  const space = rows === undefined ? undefined : rows - notes.length;
  const size = { columns, color, ...(space === undefined ? {} : { rows: space }) };
  return [...jobTable(jobs, waiting, clock.now(), size), ...notes];
}

function cordonNotes(hosts: JobsAnswer['hosts']): string[] {
  return hosts.flatMap(({ name, cordon }) => (cordon ? [`${printable(name)} ${cordonNote(cordon)}.`] : []));
}

function unservedNotes(unserved: JobsAnswer['waiting']['unserved']): string[] {
  const strange = unserved.filter(({ why }) => why === 'noLabel');
  const toApprove = unserved.length - strange.length;
  const labels = [...new Set(strange.flatMap((job) => job.labels))].slice(0, 6).map(quoted);
  return [
    ...(toApprove > 0
      ? [`${counted(toApprove, 'more job waits', 'more jobs wait')} for approval at GitHub.`]
      : []),
    ...(strange.length > 0
      ? [
          `${counted(strange.length, 'more job', 'more jobs')} at GitHub cannot be served: no label of the config matches ${labels.join(', ')}.`,
        ]
      : []),
  ];
}
