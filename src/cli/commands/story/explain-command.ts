import { createColors } from 'picocolors';
import type { JobStory } from '../../../evidence/evidence-file.ts';
import { counted, moment, span } from '../../../format.js';
import type { Answers } from '../../../http/admin/api/api-routes.ts';
import { type Attempt, attemptsOf } from '../../../journal/story/attempts.js';
import { contextOf } from '../../../journal/story/contexts.js';
import { callLine, effectOf, lineOf } from '../../../journal/story/entry-words.js';
import { originOf } from '../../../journal/story/origin.js';
import { verdictOf } from '../../../journal/story/verdict.js';
import type { StoredJournalEntry } from '../../../store/tables/journal.ts';
import { adminAddress, askDaemon } from '../../admin-client.ts';
import { ExitCode, type Terminal } from '../../command.ts';
import { readConfig } from '../../read-config.ts';
import { cut, printable, textTable, wrap } from '../../terminal/terminal-text.ts';

/** Milliseconds: a job that was retried for days has thousands of entries. */
const JOURNAL_TIMEOUT_MS = 30_000;

/** Milliseconds: the daemon may have to ask GitHub, and gives up after five seconds. */
const RUN_TIMEOUT_MS = 10_000;

/** Columns before the facts and before the calls of an effect. */
const FACT_INDENT = '  Ends the wait:  '.length;
const CALL_INDENT = 25;

/** Prints the same story of a job as the page. Throws a NoDaemonError when no daemon answers or none knows the job. */
export async function explainCommand(
  jobId: number,
  { config, json }: { config?: string; json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const daemon = adminAddress(readConfig(config, terminal).config);
  const story = (await askDaemon(daemon, 'GET', `/api/jobs/${jobId}`)) as JobStory;
  const { entries } = (await askDaemon(daemon, 'GET', `/api/jobs/${jobId}/journal`, {
    timeoutMs: JOURNAL_TIMEOUT_MS,
  })) as {
    entries: StoredJournalEntry[];
  };
  // Nothing depends on it: a daemon that is slow here, or older, still tells the story.
  const run = askDaemon(daemon, 'GET', `/api/jobs/${jobId}/run`, { timeoutMs: RUN_TIMEOUT_MS });
  const { actor } = (await run.catch(() => ({ actor: null }))) as Answers['/api/jobs/:id/run'];
  if (json) terminal.out(JSON.stringify({ story, actor, entries }));
  else for (const line of storyLines(story, entries, terminal, actor)) terminal.out(line);
  return ExitCode.ok;
}

/** The same verdict, phases and steps as on the page, folded to the width of the terminal. */
export function storyLines(
  story: JobStory,
  entries: StoredJournalEntry[],
  { clock, columns, color }: Pick<Terminal, 'clock' | 'columns' | 'color'>,
  actor: string | null = null,
): string[] {
  const now = clock.now();
  const paint = createColors(color);
  const verdict = verdictOf(entries, now, story);
  const job = contextOf(entries).context.job ?? story.unserved ?? undefined;
  const name = job ? `${job.owner}/${job.repository} · ${job.workflow} · ${job.name}` : '';
  const facts = [
    ['Why', verdict.cause],
    ['Who must act', verdict.act],
    ['Ends the wait', verdict.frees],
    ['Next', [verdict.next, ...verdict.waits].join(' ')],
    [
      'From',
      originOf(job, actor)
        .map(({ label, text }) => `${label} ${text}`)
        .join(', '),
    ],
    ['At GitHub', job?.url ?? ''],
  ].filter(([, text]) => text);
  const isBad = verdict.mood === 'failed' || verdict.mood === 'lost';
  return [
    ...folded(`Job ${story.jobId}${name ? `  ${name}` : ''}`, '', columns),
    ...folded(verdict.headline, '', columns).map((line) => (isBad ? paint.red(line) : paint.bold(line))),
    ...facts.flatMap(([key = '', text = '']) => folded(text, `  ${key}:`.padEnd(FACT_INDENT), columns)),
    '',
    ...attemptsOf(entries).flatMap((attempt) => attemptLines(attempt, now, columns)),
    '',
    ...entries.flatMap((entry) => [
      ...folded(lineOf(entry), `${moment(entry.at)}  `, columns),
      ...callsOf(entry).flatMap((call) => folded(call, ' '.repeat(CALL_INDENT), columns).map(paint.dim)),
    ]),
  ];
}

function attemptLines({ number, vm, phases, end }: Attempt, now: number, columns: number | null): string[] {
  const stays = phases.map(({ state, from, to, failures }) => [
    `    ${state}`,
    span((to ?? now) - from) + (to === null ? ' so far' : ''),
    failures > 0 ? counted(failures, 'failure') : '',
  ]);
  return [
    ...folded(
      `Attempt ${number}${vm ? `, VM ${vm.name} on ${vm.host}` : ', without a VM yet'}`,
      '  ',
      columns,
    ),
    ...textTable(stays).map((line) => (columns === null ? line : cut(line, columns))),
    ...(end ? folded(end, '    ', columns) : []),
  ];
}

/** The text after `head`, its further lines below its first. */
function folded(text: string, head: string, columns: number | null): string[] {
  const lines = wrap(printable(text), columns, ' '.repeat(head.length));
  return lines.map((line, at) => (at === 0 ? `${head}${line.slice(head.length)}` : line));
}

function callsOf(entry: StoredJournalEntry): string[] {
  return (effectOf(entry)?.calls ?? []).map((call) => callLine(call));
}
