import { expect, test } from 'vitest';
import { FAILURE_CODES, type Failure, type FailureCode, failure } from '../../machines/failure.ts';
import { JOB_STATUSES, NO_JOB } from '../../machines/job/context.ts';
import { JOB_EVENT_TYPES } from '../../machines/job/events.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { DONE, NO_FAILED_ATTEMPT, OVER, OWN_WAY, REJECTED, WAITS } from './job-effects-table.ts';
import { ANSWERS, EXTERNAL_EVENTS, OTHER_JOB, REJECTIONS, START, THEIRS, VM } from './job-samples.ts';
import { cellOf, done, effectsIn, entryOf, rejected, STATES, snapshotAt, step } from './job-step.ts';
import { APART, COLUMNS, EXTERNAL, rows, TRIED_BY_HAND } from './job-table.ts';
import {
  HOLD_EXTERNAL,
  spread,
  TEARDOWN_DONE,
  TEARDOWN_EXTERNAL,
  TEARDOWN_REJECTED,
  TEARDOWN_REPOSITORY_GONE,
  TEARDOWN_WAITS,
  TEARDOWNS,
  teardownPath,
  withPart,
} from './job-teardown.ts';

const FINAL = ['done', 'failed'];
const RESTING = STATES.filter((path) => !FINAL.includes(path));
const eventOf = (name: string) => {
  const event = EXTERNAL_EVENTS[name];
  if (!event) throw new Error(`no event is named ${name}`);
  return event;
};

/** The mark of an attempt that counts as failed: our code, the host or the image is to blame. */
function mark(code: FailureCode): string {
  const counts = ['us', 'host', 'image'].includes(failure(code, '').blame);
  return counts && !NO_FAILED_ATTEMPT.includes(code) ? '+' : '';
}

/** Where a rejection that ends the attempt leads, as the column `giveUp` says. */
function givenUp(entry: string, code: FailureCode): string {
  if (entry !== 'frees' && entry !== 'retiring') return entry;
  return entry === 'frees' && OVER.includes(code) ? 'ends' : `${entry}${mark(code)}`;
}

test('the tables have every state, every event type and every failure code', () => {
  const known = [...Object.values(COLUMNS).flat(), ...TEARDOWNS.map(teardownPath)];
  expect(known.sort()).toEqual([...RESTING].sort());
  expect(new Set(Object.values(EXTERNAL_EVENTS).map(({ type }) => type))).toEqual(new Set(JOB_EVENT_TYPES));
  const names = Object.keys(EXTERNAL_EVENTS);
  expect(rows(EXTERNAL).map(([name]) => name)).toEqual(names);
  const ofOperators = ['tried by hand', 'forgotten by hand'];
  expect([...rows(TEARDOWN_EXTERNAL).map(([name]) => name), ...ofOperators].sort()).toEqual(names.sort());
  expect(Object.keys(REJECTIONS)).toEqual(expect.arrayContaining(FAILURE_CODES));
});

test('each state handles each event from outside as the table says', () => {
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
  for (const [path, event, to = ''] of rows(APART)) expected[`${path} | ${event}`] = to;
  for (const [path, to = ''] of rows(TRIED_BY_HAND)) expected[`${path} | tried by hand`] = to;
  expect(actual).toEqual(expected);
});

test('each teardown handles each event from outside as the table of its job part says', () => {
  const states = ['acting', 'waiting', 'decided', 'gone'];
  const expected: Record<string, string> = {};
  const actual: Record<string, string> = {};
  for (const parts of TEARDOWNS) {
    const path = teardownPath(parts);
    for (const name of Object.keys(EXTERNAL_EVENTS))
      actual[`${path} | ${name}`] = entryOf(step(snapshotAt(path), eventOf(name)));
    for (const [event, ...cells] of rows(TEARDOWN_EXTERNAL))
      expected[`${path} | ${event}`] = withPart(parts, 'job', cells[states.indexOf(parts.job)] ?? '');
    const heldIn = ['askingToHold', 'unregistering', 'opening', 'held'].indexOf(parts.vm);
    for (const [event, ...cells] of heldIn < 0 ? [] : rows(HOLD_EXTERNAL)) {
      const cell = cells[heldIn] ?? '';
      expected[`${path} | ${event}`] = cell === 'again' ? path : withPart(parts, 'vm', cell);
    }
    expected[`${path} | forgotten by hand`] = 'failed';
    // Every part that waits tries at once.
    const tried = teardownPath({
      vm: parts.vm === 'waiting' ? 'acting' : parts.vm,
      runner: parts.runner === 'waiting' ? 'acting' : parts.runner,
      job: parts.job === 'waiting' ? 'acting' : parts.job,
    });
    expected[`${path} | tried by hand`] = tried === path ? '·' : tried;
  }
  expect(actual).toEqual(expected);
});

test('each result of each effect leads where the table says', () => {
  const expected: Record<string, string> = {};
  for (const [path, effect, answer, to = ''] of [...rows(DONE), ...spread(TEARDOWN_DONE)])
    expected[`${path} | ${effect} | ${answer}`] = to;
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
      const byCode = { retry, blocked, giveUp: givenUp(giveUp, code) };
      expected[cell] = own.get(cell) ?? byCode[failure(code, '').disposition];
    }
    // An error without a failure is a fault of our code, and is tried again.
    expected[`${path} | ${effect} | a plain Error`] = retry;
    expected[`${path} | ${effect} | no Error at all`] = retry;
  }
  for (const [path, effect, to = ''] of spread(TEARDOWN_REJECTED))
    for (const code of Object.keys(REJECTIONS)) expected[`${path} | ${effect} | ${code}`] = to;
  for (const [path, effect, to = ''] of spread(TEARDOWN_REPOSITORY_GONE))
    expected[`${path} | ${effect} | REPOSITORY_GONE`] = to;
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
  for (const [path, wait, to = ''] of [...rows(WAITS), ...spread(TEARDOWN_WAITS)])
    expected[`${path} | ${wait}`] = to;
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

test('an actor in a final state has ended, so it takes no event', () => {
  expect(FINAL.map((path) => snapshotAt(path).status)).toEqual(['done', 'done']);
});

test('law 6: no event moves the status of a job back, and a known conclusion stays', () => {
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
    // The VM here becomes one more attempt of the job that comes.
    const attempt = OTHER_JOB.attempt + Number(before.context.vm !== null);
    expect(after.context.job, path).toEqual({ ...OTHER_JOB, attempt });
    // A teardown writes down until when something may still appear; identities stay.
    expect(after.context.vm?.name, path).toBe(before.context.vm?.name);
    expect(after.context.vm?.id, path).toBe(before.context.vm?.id);
    // A warm VM has no runner until its job comes.
    const runner = path === 'warm' ? VM.name : before.context.runner?.name;
    expect(after.context.runner?.name, path).toBe(runner);
    // The job for which it was made stays with the VM.
    expect(after.context.vm?.madeFor, path).toEqual(before.context.vm?.madeFor);
  }
});

test('a teardown with nothing left ends with the outcome of its job', () => {
  const failed = failure('VM_START_FAILED', 'It did not start.');
  const { job } = snapshotAt('tearingDown vm.acting runner.gone job.gone').context;
  const end = (more: Partial<typeof job>, cause: Failure | null) => {
    const before = snapshotAt('tearingDown vm.acting runner.gone job.gone', {
      job: { ...job, ...more },
      failure: cause,
    });
    const { to, after } = step(before, done('deleteVm', null));
    return [to, after.output && [after.output.outcome, after.output.blame].filter(Boolean).join(' ')];
  };
  const gone = failure('VM_VANISHED', 'It was gone.');
  const OURS = { runner: VM.name, isOurs: true };
  const here = { status: 'completed', takenBy: OURS } as const;

  expect(end({ status: 'completed' }, failed)).toEqual(['done', 'unknown']);
  expect(end({ status: 'completed', conclusion: 'cancelled' }, failed)).toEqual(['done', 'cancelled']);
  expect(end({ ...here, conclusion: 'success' }, gone)).toEqual(['done', 'succeeded']);
  expect(end({ ...here, conclusion: 'failure' }, null)).toEqual(['done', 'failed job']);
  expect(end({ ...here, conclusion: 'failure' }, gone)).toEqual(['done', 'lost host']);
  const unseen = failure('GUEST_UNREACHABLE', 'It is silent.');
  expect(end({ ...here, conclusion: 'failure' }, unseen)).toEqual(['done', 'failed']);
  expect(end({ ...here, conclusion: 'timed_out' }, null)).toEqual(['done', 'failed job']);
  expect(end({ status: 'in_progress', takenBy: THEIRS }, null)).toEqual(['done', 'notOurs']);
  expect(end({ status: 'in_progress', takenBy: OURS }, gone)).toEqual(['done', 'lost host']);
  expect(end({ status: 'in_progress', takenBy: OURS }, null)).toEqual(['done', 'unknown']);
  for (const code of OVER as FailureCode[]) {
    const told =
      {
        OPERATOR_CANCELLED: 'cancelled operator',
        OPERATOR_FORGOT: 'unknown operator',
        // Its runner was launched.
        REPOSITORY_GONE: 'unknown',
      }[code as string] ?? 'notOurs operator';
    const cause = failure(code, 'It was ordered.');
    expect(end({ status: 'queued' }, cause), code).toEqual(['failed', told]);
  }
  // The job went on in an actor of its own.
  expect(end({ id: NO_JOB }, failed)).toEqual(['done', null]);
  expect(end({ id: NO_JOB }, failure('OPERATOR_CANCELLED', 'ada ordered it.'))).toEqual(['done', null]);
});

test('law 9: a teardown stores until when a VM or a runner may still appear', () => {
  const { settle } = DEFAULT_POLICY.timeouts;
  const creating = step(snapshotAt('creating.acting'), eventOf('completed elsewhere')).after.context;
  expect(creating.vm?.mayAppearUntil).toBe(START + settle);
  const config = step(snapshotAt('jitConfig.acting'), eventOf('completed elsewhere')).after.context;
  expect(config.vm?.mayAppearUntil).toBe(0);
  expect(config.runner?.mayAppearUntil).toBe(START + settle);
});
