import { expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
import { doingOf } from '../../src/journal/story/doing.js';
import { verdictOf, withTrouble } from '../../src/journal/story/verdict.js';
import type { Waiting } from '../../src/placement/waiting/waiting.ts';
import type { StoredJournalEntry } from '../../src/store/tables/journal.ts';
import { JOB, START, VM } from '../machines/job-samples.ts';
import { STATES } from '../machines/job-step.ts';

const SECOND = 1_000;
const at = (ms: number) => new Date(ms).toTimeString().slice(0, 8);

/** Entries of one actor, a second apart; the first one has the job and its VM. */
const entriesOf = (...states: string[]): StoredJournalEntry[] =>
  states.map((to, index) => ({
    ...{ seq: index + 1, at: START + index * SECOND, actor: '101', jobId: JOB.id, attempt: 1, host: null },
    ...{ event: 'event', from: states[index - 1] ?? '', to },
    ...(index === 0 && { changed: { job: JOB, vm: to === 'queued' ? null : VM } }),
  }));

const waiting = (more: Partial<Waiting>): Waiting => ({
  ...{ key: '101', jobId: JOB.id, why: 'heldBack', sentence: 'It is held back.', frees: 'Its owner.' },
  ...{ position: null, until: null },
  ...more,
});

test.each<[what: string, waiting: Partial<Waiting>, next: string]>([
  [
    'a breaker that is open',
    { until: START + 60 * SECOND },
    `It may get a VM at ${at(START + 60 * SECOND)} (in 1 min).`,
  ],
  ['a breaker whose trial is under way', {}, 'It may get a VM when that attempt has worked.'],
  ['the first place in the queue', { why: 'noSlot', position: 1 }, 'It gets the next slot that is free.'],
  ['a later place', { why: 'noSlot', position: 3 }, 'Its turn comes after 2 other jobs.'],
  ['hosts that are all cordoned', { why: 'cordoned' }, 'It gets a VM when a host takes jobs.'],
])('what happens next to a queued job follows from why it waits: %s', (_, why, next) => {
  const told = verdictOf(entriesOf('queued'), START, { waiting: waiting(why) });
  expect(told).toMatchObject({ next, cause: 'It is held back.', frees: 'Its owner.', act: '' });
});

test('a job that is paused after an attempt that failed says who must act', () => {
  const lastFailure = failure('GUEST_TOOL_MISSING', 'The guest lacks git.');
  const [first] = entriesOf('queued');
  const entries = [
    { ...first, changed: { job: JOB, vm: null, failure: lastFailure } },
  ] as StoredJournalEntry[];
  const paused = { why: 'paused', until: START + SECOND } as const;
  expect(verdictOf(entries, START, { waiting: waiting(paused) }).act).toBe('the maker of the image');
  expect(verdictOf(entries, START, { waiting: waiting({ why: 'noSlot' }) }).act).toBe('');
});

test('a job that nobody serves is told with the reason, and not as an unknown one', () => {
  const told = verdictOf([], START, { waiting: waiting({ why: 'noLabel', sentence: 'No label.' }) });
  expect(told).toMatchObject({ headline: 'This daemon does not serve it.', cause: 'No label.' });
  expect(verdictOf([], START).headline).toBe('The journal does not mention this job.');
});

test('a running job says that its host is silent, and who can end that', () => {
  const hostTrouble = 'Its host mini-1 is lost since 12:00:00.';
  const told = verdictOf(entriesOf('running.busy.watching'), START, { waiting: null, hostTrouble });
  expect(told).toMatchObject({ cause: hostTrouble, act: 'the operator of the Mac and its agent' });
});

test('what else ends by the clock is told beside what happens next', () => {
  const seen = entriesOf('sshReady.waiting');
  const phase = {
    enteredAt: START,
    deadlineAt: START + 60 * SECOND,
    tries: 1,
    nextTryAt: START + 5 * SECOND,
  };
  const told = verdictOf(
    seen.map((entry) => ({
      ...entry,
      changed: { ...entry.changed, phase: { ...phase, lastFailure: null } },
    })),
    START,
  );
  expect([told.next, ...told.waits]).toEqual([
    `Try 2 at ${at(START + 5 * SECOND)} (in 5 s).`,
    `If it gets no further, the attempt ends at ${at(START + 60 * SECOND)} (in 1 min).`,
  ]);
});

test('tries and pauses within a state do not change since when the job is in it', () => {
  const entries = entriesOf('starting.acting', 'sshReady.acting', 'sshReady.waiting', 'sshReady.acting');
  expect(verdictOf(entries, START + 9 * SECOND).headline).toBe(
    `Its VM boots, since ${at(START + SECOND)}. VM ${VM.name} on ${VM.host}.`,
  );
});

test('every state is told in words, and what comes after it', () => {
  const live = STATES.filter((state) => !/^(done|failed)/.test(state)).map((state) =>
    state.replace(' ', '.'),
  );
  expect(live.filter((state) => doingOf(state).now === state || doingOf(state).next === '')).toEqual([]);
});

test('the failure of the last attempt is told once', () => {
  const trouble = failure('GUEST_TOOL_MISSING', 'git is missing.');
  expect(withTrouble('Held back: git is missing.', trouble)).toBe('Held back: git is missing.');
  expect(withTrouble('It waits.', trouble)).toBe(
    'It waits. Its last attempt: GUEST_TOOL_MISSING: git is missing.',
  );
  const late = failure('PHASE_TIMED_OUT', 'It took longer than 5 min. Last answer: git is missing.');
  expect(withTrouble('Held back: git is missing.', late)).toBe(
    'Held back: git is missing. Its last attempt: PHASE_TIMED_OUT: It took longer than 5 min.',
  );
});
