import type { JobStory } from '../../evidence/evidence-file.ts';
import { moment, span } from '../../format.js';
import { callLine, effectOf, lineOf, phasesOf, verdictOf } from '../../journal/story.js';
import type { StoredJournalEntry } from '../../store/tables/journal.ts';
import { adminAddress, askDaemon } from '../admin-client.ts';
import { ExitCode, type Terminal } from '../command.ts';
import { readConfig } from '../read-config.ts';
import { printable, textTable } from '../terminal/terminal-text.ts';

/** Prints the same story of a job as the page. Throws a NoDaemonError when no daemon answers or none knows the job. */
export async function explainCommand(
  jobId: number,
  { config, json }: { config?: string; json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const daemon = adminAddress(readConfig(config, terminal).config);
  const story = (await askDaemon(daemon, 'GET', `/api/jobs/${jobId}`)) as JobStory;
  const { entries } = (await askDaemon(daemon, 'GET', `/api/jobs/${jobId}/journal`)) as {
    entries: StoredJournalEntry[];
  };
  const lines = storyLines(story, entries, terminal.clock.now());
  if (json) terminal.out(JSON.stringify({ story, entries }));
  else for (const line of lines) terminal.out(printable(line));
  return ExitCode.ok;
}

/** The same verdict, phases and steps as on the page. */
export function storyLines(story: JobStory, entries: StoredJournalEntry[], now: number): string[] {
  const verdict = verdictOf(entries, now);
  const job = entries.findLast(({ changed }) => changed?.job)?.changed?.job;
  const name = job ? `${job.owner}/${job.repository} · ${job.workflow} · ${job.name}` : '';
  const facts = [
    ['Why', verdict.cause],
    ['Waits', story.waiting ? `${story.waiting.sentence} What frees it: ${story.waiting.frees}` : ''],
    ['Who must act', verdict.act],
    ['Next', verdict.next],
    ['At GitHub', job?.url ?? ''],
  ].filter(([, text]) => text);
  const phases = phasesOf(entries)
    .filter(({ state }) => state !== 'done' && state !== 'failed')
    .map(({ state, attempt, from, to, failures }) => [
      `  ${state}`,
      `attempt ${attempt}`,
      span((to ?? now) - from) + (to === null ? ' so far' : ''),
      failures > 0 ? `${failures} failures` : '',
    ]);
  return [
    `Job ${story.jobId}${name ? `  ${name}` : ''}`,
    verdict.headline,
    ...textTable(facts.map(([key = '', text = '']) => [`  ${key}:`, text])),
    '',
    ...textTable(phases),
    '',
    ...entries.flatMap((entry) => [`${moment(entry.at)}  ${lineOf(entry)}`, ...callLines(entry)]),
  ];
}

function callLines(entry: StoredJournalEntry): string[] {
  const calls = effectOf(entry)?.calls ?? [];
  return calls.map((call) => `                         ${callLine(call)}`);
}
