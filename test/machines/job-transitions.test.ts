import { expect, test } from 'vitest';
import { FAILURE_CODES, failure } from '../../machines/failure.ts';
import { JOB_STATUSES } from '../../machines/job/context.ts';
import { JOB_EVENT_TYPES } from '../../machines/job/events.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { ANSWERS, EXTERNAL_EVENTS, OTHER_JOB, REJECTIONS, START, VM } from './job-samples.ts';
import { cellOf, done, effectsIn, entryOf, rejected, STATES, snapshotAt, step } from './job-step.ts';
import { COLUMNS, DONE, EXTERNAL, OWN_WAY, REJECTED, rows, TRIED_BY_HAND, WAITS } from './job-table.ts';

const FINAL = ['done', 'failed'];
const RESTING = STATES.filter((path) => !FINAL.includes(path));
const eventOf = (name: string) => {
  const event = EXTERNAL_EVENTS[name];
  if (!event) throw new Error(`no event is named ${name}`);
  return event;
};

test('the tables know every state, every event type and every failure code', () => {
  expect(Object.values(COLUMNS).flat().sort()).toEqual([...RESTING].sort());
  expect(new Set(Object.values(EXTERNAL_EVENTS).map(({ type }) => type))).toEqual(new Set(JOB_EVENT_TYPES));
  expect(rows(EXTERNAL).map(([name]) => name)).toEqual(Object.keys(EXTERNAL_EVENTS));
  expect(Object.keys(REJECTIONS)).toEqual(expect.arrayContaining(FAILURE_CODES));
});

test('each state answers each event from outside as the table says', () => {
  const columns = Object.keys(COLUMNS);
  const expected: Record<string, string> = {};
  const actual: Record<string, string> = {};
  for (const [event = '', ...cells] of rows(EXTERNAL)) {
    expect(cells).toHaveLength(columns.length);
    columns.forEach((column, i) => {
      for (const path of COLUMNS[column] ?? []) {
        expected[`${path} | ${event}`] = cells[i] ?? '';
        actual[`${path} | ${event}`] = entryOf(step(snapshotAt(path), eventOf(event)));
      }
    });
  }
  for (const [path, to = ''] of rows(TRIED_BY_HAND)) expected[`${path} | tried by hand`] = to;
  expect(actual).toEqual(expected);
});

test('each answer of each effect leads where the table says', () => {
  const expected: Record<string, string> = {};
  for (const [path, effect, answer, to = ''] of rows(DONE)) expected[`${path} | ${effect} | ${answer}`] = to;
  const actual: Record<string, string> = {};
  for (const path of RESTING) {
    for (const { id, src } of effectsIn(path).filter(({ src }) => src !== 'waitUntil')) {
      for (const [answer, output] of Object.entries(ANSWERS[src] ?? {})) {
        actual[`${path} | ${id} | ${answer}`] = cellOf(step(snapshotAt(path), done(id, output)));
      }
    }
  }
  expect(actual).toEqual(expected);
});

test('each rejection of each effect, with each failure code, leads where the tables say', () => {
  const expected: Record<string, string> = {};
  const own = new Map(
    rows(OWN_WAY).map(([path, effect, code, to = '']) => [`${path} | ${effect} | ${code}`, to]),
  );
  for (const [path, effect, retry = '', blocked = '', giveUp = ''] of rows(REJECTED)) {
    for (const code of FAILURE_CODES) {
      const cell = `${path} | ${effect} | ${code}`;
      expected[cell] = own.get(cell) ?? { retry, blocked, giveUp }[failure(code, '').disposition];
    }
    // What carries no failure is a fault of ours, and worth another try.
    expected[`${path} | ${effect} | a plain Error`] = retry;
    expected[`${path} | ${effect} | no Error at all`] = retry;
  }
  const actual: Record<string, string> = {};
  for (const path of RESTING) {
    for (const { id } of effectsIn(path).filter(({ src }) => src !== 'waitUntil')) {
      for (const [code, error] of Object.entries(REJECTIONS)) {
        actual[`${path} | ${id} | ${code}`] = cellOf(step(snapshotAt(path), rejected(id, error)));
      }
    }
  }
  expect(actual).toEqual(expected);
});

test('each wait leads where the table says, and one that fails leads there too', () => {
  const expected: Record<string, string> = {};
  for (const [path, wait, to = ''] of rows(WAITS)) expected[`${path} | ${wait}`] = to;
  const ended: Record<string, string> = {};
  const failed: Record<string, string> = {};
  for (const path of RESTING) {
    for (const { id } of effectsIn(path).filter(({ src }) => src === 'waitUntil')) {
      ended[`${path} | ${id}`] = cellOf(step(snapshotAt(path), done(id, null)));
      failed[`${path} | ${id}`] = cellOf(
        step(snapshotAt(path), rejected(id, new Error('the clock stopped'))),
      );
    }
  }
  expect(ended).toEqual(expected);
  expect(failed).toEqual(expected);
});

test('a final state takes no event any more', () => {
  for (const path of FINAL) {
    for (const event of Object.values(EXTERNAL_EVENTS))
      expect(cellOf(step(snapshotAt(path), event))).toBe('·');
  }
});

test('law 6: no hint moves the status of a job back, and a conclusion once known stays', () => {
  for (const path of RESTING) {
    for (const status of JOB_STATUSES) {
      const conclusion = status === 'completed' ? 'failure' : null;
      const job = { ...snapshotAt(path).context.job, status, conclusion };
      for (const [name, event] of Object.entries(EXTERNAL_EVENTS)) {
        const { after } = step(snapshotAt(path, { job }), event);
        const { job: now } = after.context;
        if (now.id !== job.id) continue;
        const label = `${path} | ${status} | ${name}`;
        expect(JOB_STATUSES.indexOf(now.status), label).toBeGreaterThanOrEqual(JOB_STATUSES.indexOf(status));
        if (conclusion !== null) expect(now.conclusion, label).toBe(conclusion);
      }
    }
  }
});

test('law 4: an exchange moves the job and leaves VM and runner where they are', () => {
  for (const path of RESTING) {
    const { before, after } = step(snapshotAt(path), eventOf('gets a queued job'));
    expect(after.context.job, path).toEqual(OTHER_JOB);
    // A teardown writes down until when something may still appear; identities stay.
    expect(after.context.vm?.name, path).toBe(before.context.vm?.name);
    expect(after.context.vm?.id, path).toBe(before.context.vm?.id);
    // A warm VM has no runner until its job comes.
    const runner = path === 'warm' ? VM.name : before.context.runner?.name;
    expect(after.context.runner?.name, path).toBe(runner);
  }
});

test('a teardown that has removed everything ends by what became of the job', () => {
  const { maxAttempts } = DEFAULT_POLICY;
  const failed = failure('VM_START_FAILED', 'It did not start.');
  const { job } = snapshotAt('tearingDown vm.acting runner.gone').context;
  const end = (
    status: 'queued' | 'in_progress' | 'completed',
    failures: number,
    cause: typeof failed | null,
    released = false,
  ) =>
    step(
      snapshotAt('tearingDown vm.acting runner.gone', {
        job: { ...job, status, attemptsFailed: failures },
        failure: cause,
        released,
      }),
      done('deleteVm', null),
    ).to;

  expect(end('queued', 1, failed)).toBe('queued');
  expect(end('queued', maxAttempts, failed)).toBe('failed');
  // Its last attempt was not lost by a failure: a job that still waits is never dropped (law 10).
  expect(end('queued', maxAttempts, null)).toBe('queued');
  expect(end('in_progress', 1, failed)).toBe('failed');
  expect(end('in_progress', 1, null)).toBe('done');
  expect(end('completed', maxAttempts, failed)).toBe('done');
  expect(end('queued', 0, failure('OPERATOR_CANCELLED', 'ada ordered it.'))).toBe('failed');
  expect(end('queued', 0, failed, true)).toBe('done');
  expect(end('in_progress', 0, failed, true)).toBe('done');
});

test('law 9: until nothing can appear any more, a teardown knows until when it may', () => {
  const { settle } = DEFAULT_POLICY.timeouts;
  const creating = step(snapshotAt('creating.acting'), eventOf('completed elsewhere')).after.context;
  expect(creating.vm?.mayAppearUntil).toBe(START + settle);
  const config = step(
    snapshotAt('jitConfig.acting', { runner: { name: VM.name, id: null, mode: null, mayAppearUntil: 0 } }),
    eventOf('completed elsewhere'),
  ).after.context;
  expect(config.vm?.mayAppearUntil).toBe(0);
  expect(config.runner?.mayAppearUntil).toBe(START + settle);
});
