import { printable } from '../terminal/terminal-text.ts';
import { type DemoJob, type DemoState, PIPELINE } from './demo-state.ts';

export interface Screen {
  columns: number;
  rows: number;
  color: boolean;
}

const NAME_WIDTH = 28;
/** Lines for head, foot and the prompt of a shell below. */
const FRAME_ROWS = 6;

const COLORS = { green: 32, red: 31, cyan: 36, dim: 2 } as const;

/** The table that is redrawn while the demonstration runs; no line is wider than the screen. */
export function demoScreen(state: DemoState, { columns, rows, color }: Screen, foot: string): string[] {
  const paint = (text: string, how: keyof typeof COLORS) =>
    color ? `\x1b[${COLORS[how]}m${text}\x1b[0m` : text;
  const visibleRows = Math.max(3, rows - FRAME_ROWS);
  const shown = state.jobs.length <= visibleRows ? state.jobs : mostActive(state.jobs, visibleRows - 1);
  const head = `  ${'job'.padEnd(NAME_WIDTH)}${'pipeline'.padEnd(PIPELINE.length + 1)}${'state'.padEnd(14)}${'host'.padEnd(8)}seconds`;
  const hidden = state.jobs.length - shown.length;
  return [
    paint(head.slice(0, columns), 'dim'),
    ...shown.map((job) => row(job, columns, paint)),
    ...(hidden > 0 ? [paint(`  … and ${hidden} more`, 'dim')] : []),
    '',
    foot.slice(0, columns),
  ];
}

function row(
  job: DemoJob,
  columns: number,
  paint: (text: string, how: keyof typeof COLORS) => string,
): string {
  const over = job.step === PIPELINE.length - 1;
  const good = job.conclusion === 'success';
  const hue = over ? (good ? 'green' : 'red') : job.step === 0 ? 'dim' : 'cyan';
  const bar = PIPELINE.slice(1).map((_, at) => (at < job.step ? '■' : '·'));
  const name = printable(job.name);
  const cut = name.length > NAME_WIDTH - 2 ? `${name.slice(0, NAME_WIDTH - 3)}…` : name;
  const word = over ? (job.conclusion ?? job.state) : job.state;
  const before = `  ${cut.padEnd(NAME_WIDTH)}`;
  const after = `  ${word.padEnd(14)}${(job.host ?? '').padEnd(8)}${job.seconds.toFixed(1).padStart(7)}`;
  const space = Math.max(0, columns - before.length - bar.length);
  return `${before}${paint(bar.join(''), hue)}${after.slice(0, space)}`;
}

/** Jobs at work come first, then those that ended last, then those that are queued. */
function mostActive(jobs: readonly DemoJob[], count: number): DemoJob[] {
  const last = PIPELINE.length - 1;
  const rank = ({ step }: DemoJob) => (step > 0 && step < last ? 0 : step === last ? 1 : 2);
  const chosen = new Set(
    jobs
      .map((job, at) => ({ job, at }))
      .sort((a, b) => rank(a.job) - rank(b.job) || (rank(a.job) === 1 ? b.at - a.at : a.at - b.at))
      .slice(0, count)
      .map(({ job }) => job),
  );
  return jobs.filter((job) => chosen.has(job));
}
