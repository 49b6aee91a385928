import type { Logger } from 'pino';
import { expect, test } from 'vitest';
import { NO_JOB } from '../../machines/job/context.ts';
import { DemoLines } from '../../src/cli/demo/demo-lines.ts';
import { logTransition } from '../../src/jobs/log-transition.ts';
import type { JournalEntry } from '../../src/store/tables/journal.ts';
import { snapshotAt } from '../machines/job-step.ts';

const JOB = 7;

/** What the demo prints for the transitions of the job's actor, or of the VM that the job has left (`NO_JOB`). */
function printed(transitions: { holds: number; to: string; host?: string }[]): string[] {
  const logged: string[] = [];
  const note = (facts: object, msg: string) => logged.push(JSON.stringify({ level: 'info', ...facts, msg }));
  const log = { info: note, warn: note } as unknown as Logger;
  for (const { holds, to, host = null } of transitions) {
    const { context } = snapshotAt('queued');
    const entry = { jobId: JOB, attempt: 1, host, event: 'e', from: '', to, detail: null };
    logTransition(log, entry as unknown as JournalEntry, {
      ...context,
      job: { ...context.job, id: holds, name: holds === NO_JOB ? `VM of job ${JOB}` : 'Unit tests' },
    });
  }
  const lines = new DemoLines();
  return logged.flatMap((line) => lines.read(line, 1, () => 'Unit tests')?.replace(/ +/g, ' ') ?? []);
}

test('the end of a VM that its job has left is not told as the end of the job', () => {
  const released = 'tearingDown.vm.acting, tearingDown.runner.gone, tearingDown.job.gone';
  expect(
    printed([
      { holds: JOB, to: 'probing', host: 'mac-1' },
      { holds: JOB, to: 'tearingDown.vm.acting', host: 'mac-1' },
      { holds: NO_JOB, to: released, host: 'mac-1' },
      { holds: JOB, to: 'queued' },
      { holds: NO_JOB, to: 'done', host: 'mac-1' },
      { holds: JOB, to: 'creating', host: 'mac-1' },
      { holds: JOB, to: 'done', host: 'mac-1' },
    ]),
  ).toEqual([
    ' 1.0s Unit tests new → probing mac-1',
    ' 1.0s Unit tests probing → tearingDown mac-1',
    ' 1.0s Unit tests tearingDown → queued',
    ' 1.0s Unit tests its VM → removed mac-1',
    ' 1.0s Unit tests queued → creating mac-1',
    ' 1.0s Unit tests creating → done mac-1',
  ]);
});

test('a VM without a job is not told as one that a job has left', () => {
  const facts: object[] = [];
  const log = { info: (one: object) => facts.push(one) } as unknown as Logger;
  const { context } = snapshotAt('queued');
  const entry = { jobId: NO_JOB, attempt: 1, host: 'mac-1', event: 'e', from: '', to: 'done', detail: null };
  logTransition(log, entry as unknown as JournalEntry, {
    ...context,
    job: { ...context.job, id: NO_JOB, name: 'VM of mac' },
  });
  expect(facts).toEqual([expect.not.objectContaining({ released: true })]);
});
