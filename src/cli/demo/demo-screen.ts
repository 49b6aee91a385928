import { createColors } from 'picocolors';
import { cut, printable } from '../terminal/terminal-text.ts';
import { type DemoJob, type DemoState, STEPS } from './demo-state.ts';

export interface Screen {
  columns: number;
  rows: number;
  color: boolean;
}

/** Lines above and below the table: what was printed before it, and the prompt of a shell. */
const FRAME_ROWS = 8;

const LAST = STEPS.length - 1;

/** Returns the table that is redrawn while the demonstration runs; no line is wider than the screen. */
export function demoScreen(
  state: DemoState,
  { columns, rows, color }: Screen,
  foot: readonly string[],
): string[] {
  const paint = createColors(color);
  const nameWidth = Math.min(36, Math.max(16, columns - 48));
  const space = Math.max(3, rows - FRAME_ROWS - foot.length);
  const shown = state.jobs.length <= space ? state.jobs : mostActive(state.jobs, space - 1);
  const hidden = state.jobs.length - shown.length;
  const reasons = withReason(shown, space - shown.length - (hidden > 0 ? 1 : 0));
  const head = `  ${'job'.padEnd(nameWidth)}${'progress'.padEnd(LAST + 2)}${'state'.padEnd(14)}${'host'.padEnd(8)}seconds`;
  return [
    paint.dim(cut(head, columns)),
    ...shown.flatMap((job) => [
      row(job, nameWidth, paint),
      ...(reasons.has(job) ? [paint.dim(cut(`    ${printable(job.why)}`, columns))] : []),
    ]),
    ...(hidden > 0 ? [paint.dim(`  and ${hidden} more`)] : []),
    '',
    ...foot.map((line) => cut(line, columns)),
  ];
}

function row(job: DemoJob, nameWidth: number, paint: ReturnType<typeof createColors>): string {
  const bar = STEPS.slice(1).map((_, at) => (at < job.step ? '■' : '·'));
  const name = cut(printable(job.name), nameWidth - 2).padEnd(nameWidth);
  const hue = hueOf(job);
  const after = `${(job.host ?? '').padEnd(8)}${job.seconds.toFixed(1).padStart(7)}`;
  return `  ${name}${paint[hue](bar.join(''))}  ${paint[hue](wordOf(job).padEnd(14))}${after}`;
}

function wordOf({ step, state, conclusion }: DemoJob): string {
  return step === LAST && state === 'tearingDown' ? (conclusion ?? state) : state;
}

function hueOf({ step, conclusion }: DemoJob): 'green' | 'red' | 'dim' | 'cyan' {
  if (step === LAST) return conclusion === 'success' ? 'green' : 'red';
  return step === 0 ? 'dim' : 'cyan';
}

/** The jobs whose reason is shown: first those that are over, then the first that wait. */
function withReason(jobs: readonly DemoJob[], count: number): Set<DemoJob> {
  const candidates = jobs.filter(({ why }) => why !== '');
  candidates.sort((a, b) => b.step - a.step);
  return new Set(candidates.slice(0, Math.max(0, count)));
}

/** Running jobs come first, then those that ended last, then those that are queued. */
function mostActive(jobs: readonly DemoJob[], count: number): DemoJob[] {
  const rank = ({ step }: DemoJob) => (step > 0 && step < LAST ? 0 : step === LAST ? 1 : 2);
  const chosen = new Set(
    jobs
      .map((job, at) => ({ job, at }))
      .sort((a, b) => rank(a.job) - rank(b.job) || (rank(a.job) === 1 ? b.at - a.at : a.at - b.at))
      .slice(0, count)
      .map(({ job }) => job),
  );
  return jobs.filter((job) => chosen.has(job));
}
