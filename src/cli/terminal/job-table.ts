import { createColors } from 'picocolors';
import stringWidth from 'string-width';
import { NO_JOB } from '../../../machines/job/context.ts';
import { subjectOf } from '../../../machines/job/subject.ts';
import { age, counted } from '../../format.js';
import type { Answers } from '../../http/admin/api/api-routes.ts';
import type { JobView } from '../../jobs/job-view.ts';
import { faultWords, outcomeWord } from '../../journal/outcome.js';
import { topState } from '../../journal/overview.js';
import { withTrouble } from '../../journal/story/verdict.js';
import { troubleOf } from '../../journal/trouble.js';
import { isHeld, shortHoldWords } from '../../journal/words/hold-words.js';
import type { Waiting } from '../../placement/waiting/waiting.ts';
import type { SettledJob } from '../../store/tables/jobs/settled-jobs.ts';
import { cut, printable, textTable, wrap } from './terminal-text.ts';

export interface TableSize {
  /** Null when a program or a file reads the table, so that nothing is cut or wrapped. */
  columns: number | null;
  color: boolean;
  /** The most lines that may be printed; all lines when left out. */
  rows?: number;
}

type Mood = 'good' | 'bad' | 'waits' | 'works';

type Column = (typeof COLUMNS)[number];
type Paint = ReturnType<typeof createColors>;

interface JobRow {
  cells: Record<Column, string>;
  mood: Mood;
  /** Why it waits, what is wrong with it or how it ended. */
  outcome: string;
}

const COLUMNS = ['JOB', 'REPOSITORY', 'NAME', 'STATE', 'HOST', 'AGE', 'ATTEMPT'] as const;

/** Columns that are left out on a narrow terminal, the first one first. */
const DISPENSABLE = ['REPOSITORY', 'ATTEMPT', 'HOST'] as const;
const SHORTEST_NAME = 12;
/** The most lines of a reason when all jobs have to fit on one screen. */
const REASON_LINES = 2;
const HUES = { good: 'green', bad: 'red', waits: 'yellow', works: 'cyan' } as const;

/**
 * Live jobs, the oldest first, and below them those that are over. Each has its reason or outcome in the last
 * column, or, where the terminal is too narrow for that, in lines of its own below it.
 */
export function jobTable(
  { jobs, recent, beyond }: Answers['/api/jobs'],
  waiting: readonly Waiting[],
  now: number,
  { columns, color, rows }: TableSize,
): string[] {
  const why = new Map(waiting.map((one) => [one.jobId, one.sentence]));
  const table = [
    ...[...jobs]
      .sort((a, b) => a.job.queuedAt - b.job.queuedAt)
      .map((view) => liveRow(view, why.get(view.job.id), now)),
    ...recent.map((job) => settledRow(job, now)),
  ];
  const paint = createColors(color);
  const blocks =
    columns === null
      ? beside(table, paint)
      : besideOrBelow(table, columns, paint, rows === undefined ? Number.POSITIVE_INFINITY : REASON_LINES);
  const more =
    beyond > 0 ? [`${counted(beyond, 'more job is', 'more jobs are')} further back in the queue.`] : [];
  return inRows(blocks, rows ?? Number.POSITIVE_INFINITY, more);
}

/** Puts each outcome into the last column if all of them fit, and otherwise into lines below its job. */
function besideOrBelow(
  table: readonly JobRow[],
  columns: number,
  paint: Paint,
  reasonLines: number,
): string[][] {
  const blocks = beside(table, paint);
  return widest(blocks.flat()) <= columns ? blocks : below(table, columns, paint, reasonLines);
}

function beside(table: readonly JobRow[], paint: Paint): string[][] {
  const outcomes = table.map(({ outcome }) => outcome);
  const lines = linesOf(table, COLUMNS, null, paint, ['OUTCOME', ...outcomes]);
  return lines.map((line) => [line]);
}

function below(table: readonly JobRow[], columns: number, paint: Paint, reasonLines: number): string[][] {
  const shown: Column[] = [...COLUMNS];
  const excess = (nameWidth: number) => widest(linesOf(table, shown, nameWidth, paint)) - columns;
  for (const column of DISPENSABLE) {
    if (excess(2 * SHORTEST_NAME) > 0) shown.splice(shown.indexOf(column), 1);
  }
  const longest = Math.max(SHORTEST_NAME, widest(table.map(({ cells }) => cells.NAME)));
  const nameWidth = Math.max(SHORTEST_NAME, longest - Math.max(0, excess(longest)));
  return linesOf(table, shown, nameWidth, paint).map((line, at) => {
    const outcome = table[at - 1]?.outcome;
    const lines = outcome ? wrap(outcome, columns, '    ') : [];
    const shownLines = lines.slice(0, reasonLines);
    if (lines.length > reasonLines) shownLines.push(cut(`${shownLines.pop()} …`, columns));
    return [cut(line, columns), ...shownLines];
  });
}

/** The head and a line for each job; `last` are the cells of one more column. */
function linesOf(
  table: readonly JobRow[],
  shown: readonly Column[],
  nameWidth: number | null,
  paint: Paint,
  last: readonly string[] = [],
): string[] {
  const cell = ({ cells, mood }: JobRow, column: Column) => {
    if (column === 'STATE') return paint[HUES[mood]](cells.STATE);
    return column === 'NAME' && nameWidth !== null ? cut(cells.NAME, nameWidth) : cells[column];
  };
  const rows = [[...shown], ...table.map((row) => shown.map((column) => cell(row, column)))];
  const [head = '', ...lines] = textTable(rows.map((row, at) => [...row, ...last.slice(at, at + 1)]));
  return [paint.bold(head), ...lines];
}

const widest = (lines: readonly string[]) => Math.max(0, ...lines.map((line) => stringWidth(line)));

/** As many blocks as fit, and how many do not. */
function inRows(blocks: readonly string[][], rows: number, more: readonly string[]): string[] {
  const lines: string[] = [];
  for (const [at, block] of blocks.entries()) {
    const rest = at < blocks.length - 1 || more.length > 0 ? 1 : 0;
    if (lines.length + block.length + rest > rows) {
      const head = lines.length === 0 ? 1 : 0;
      const count = blocks.length - at - head;
      return [...lines, `${counted(count, 'more job does', 'more jobs do')} not fit here.`];
    }
    lines.push(...block);
  }
  return [...lines, ...more];
}

function liveRow(
  { job, vm, state, phase, failure, hold, progress }: JobView,
  waits: string | undefined,
  now: number,
): JobRow {
  const trouble = troubleOf({ state, context: { phase } });
  const held = hold && isHeld(state) ? hold : null;
  const own = held ? shortHoldWords(held, now) : progress;
  const outcome = waits
    ? withTrouble(waits, failure)
    : (own ?? (trouble ? `${trouble.code} (try ${phase.tries + 1}): ${trouble.message}` : ''));
  return {
    mood: state === 'queued' ? 'waits' : 'works',
    outcome: printable(outcome),
    cells: {
      JOB: job.id === NO_JOB && !held ? '–' : String(held?.jobId ?? job.id),
      REPOSITORY: printable(`${job.owner}/${job.repository}`),
      NAME: printable(job.workflow ? `${job.workflow} / ${job.name}` : job.name),
      STATE: held ? 'held' : topState(state),
      HOST: (state === 'queued' ? null : vm?.host) ?? '',
      AGE: age(now - job.queuedAt),
      ATTEMPT: String(subjectOf({ job, vm }).attempt),
    },
  };
}

function settledRow(job: SettledJob, now: number): JobRow {
  const fault = faultWords(job);
  const cause = job.cause ? `${job.cause.code}: ${job.cause.message}` : '';
  const outcome = [fault, cause].filter(Boolean).join('. ');
  const isBad = job.outcome === 'failed' || job.outcome === 'lost';
  return {
    mood: isBad ? 'bad' : 'good',
    outcome: printable(outcome),
    cells: {
      JOB: String(job.jobId),
      REPOSITORY: printable(`${job.owner}/${job.repository}`),
      NAME: printable(job.name),
      STATE: outcomeWord(job.outcome),
      HOST: job.host ?? '',
      AGE: `${age(now - job.at)} ago`,
      ATTEMPT: String(job.attempts),
    },
  };
}
