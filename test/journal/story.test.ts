import { describe, expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
import type { Job } from '../../machines/job/context.ts';
import { JOB_EVENT_TYPES } from '../../machines/job/events.ts';
import { EFFECTS } from '../../src/effects/job-effects.ts';
import { attemptsOf } from '../../src/journal/story/attempts.js';
import { contextOf } from '../../src/journal/story/contexts.js';
import { effectWords, eventWords, lineOf } from '../../src/journal/story/entry-words.js';
import { verdictOf, whenWords } from '../../src/journal/story/verdict.js';
import { waitsOf } from '../../src/journal/story/waits.js';
import type { StoredJournalEntry } from '../../src/store/tables/journal.ts';
import { contextAt, JOB, START, VM } from '../machines/job-samples.ts';
import { STATES } from '../machines/job-step.ts';

const SECOND = 1_000;

/** The entries of one job, a second apart. */
class Story {
  readonly entries: StoredJournalEntry[] = [];

  add(to: string, facts: Partial<StoredJournalEntry> = {}): this {
    const seq = this.entries.length + 1;
    const base = { seq, at: START + seq * SECOND, actor: '101', jobId: JOB.id, attempt: 1, host: null };
    this.entries.push({ ...base, event: 'event', from: this.entries.at(-1)?.to ?? '', to, ...facts });
    return this;
  }
}

const job = (attempt: number, facts: Partial<Job> = {}): Job => ({ ...JOB, attempt, ...facts });
const OTHER_VM = { ...VM, name: 'gh-default-202-1', host: 'mini-2', madeFor: { jobId: 202, attempt: 1 } };

/** A job that had a VM, which an exchange gave to job 202, and that waits again in the actor of that job. */
const exchanged = () =>
  new Story()
    .add('queued', { event: 'job.observed', from: '', changed: { job: job(0), vm: null } })
    .add('creating.acting', { event: 'slot.granted', changed: { job: job(1), vm: VM } })
    .add('running.idle.watching')
    .add('running.busy.watching', { kind: 'handover', event: 'job.exchanged', detail: { jobId: 202 } })
    .add('queued', {
      ...{ actor: '202', attempt: 2, event: 'job.exchanged', from: 'queued' },
      changed: { job: job(1), vm: null },
    });

const phases = (story: Story) =>
  attemptsOf(story.entries).map(({ phases }) =>
    phases.map(({ state, from, to }) => `${state} ${to === null ? 'now' : (to - from) / SECOND}`),
  );

describe('the attempts of a job', () => {
  test('follow it over an exchange, and no phase goes on in the actor that it left', () => {
    expect(phases(exchanged())).toEqual([['queued 1', 'creating 1', 'running 1'], ['queued now']]);
    const [first, second] = attemptsOf(exchanged().entries);
    expect([first?.vm?.name, first?.end]).toEqual([VM.name, 'Its VM went to job 202, in an exchange.']);
    expect([second?.vm, second?.end]).toEqual([null, '']);
  });

  test('do not begin again at an end that GitHub told late: it counts the VMs, and the job waited for one more', () => {
    const waiting = exchanged().add('done', { actor: '202', attempt: 2, event: 'job.takenElsewhere' });
    const changed = { job: job(1, { status: 'completed' }), vm: null };
    const late = waiting.add('done', {
      ...{ actor: '101.settled', attempt: 1, from: '' },
      event: 'job.settled',
      changed,
    });
    expect(attemptsOf(late.entries).map(({ number }) => number)).toEqual([1, 2]);
  });

  test('name the VM that came by an exchange, and for which job it was made', () => {
    const story = exchanged().add('running.busy.watching', {
      ...{ actor: '202', attempt: 2, event: 'job.exchanged' },
      changed: { job: job(2), vm: OTHER_VM },
    });
    expect(attemptsOf(story.entries)[1]?.vm).toEqual({ name: OTHER_VM.name, host: 'mini-2', madeFor: 202 });
  });

  test('keep the removal of the last VM beside the wait for the next one, each in its attempt', () => {
    const cause = failure('VM_START_FAILED', 'It did not start.');
    const story = new Story()
      .add('queued', { event: 'job.observed', from: '', changed: { job: job(0), vm: null } })
      .add('starting.acting', { changed: { job: job(1), vm: VM } })
      .add('tearingDown.vm.acting', { event: 'job.released', changed: { job: { ...job(0), id: 0 } } })
      .add('queued', {
        ...{ actor: '101.2', attempt: 2, event: 'job.released', from: '' },
        changed: { job: job(1), vm: null, failure: cause },
      })
      .add('done', { event: 'deleteVm done' });
    expect(phases(story)).toEqual([['queued 1', 'starting 1', 'tearingDown 2'], ['queued now']]);
    expect(attemptsOf(story.entries)[0]?.end).toBe('VM_START_FAILED: It did not start.');
  });

  test('begin again when a job that had ended is served once more', () => {
    const story = new Story()
      .add('queued', { event: 'job.observed', from: '', changed: { job: job(0), vm: null } })
      .add('failed', { end: { outcome: 'cancelled', blame: 'operator', cause: null } })
      .add('queued', { event: 'job.observed', from: '', changed: { job: job(0), vm: null } });
    expect(attemptsOf(story.entries).map(({ number, end }) => [number, end])).toEqual([
      [1, 'Cancelled, by an operator.'],
      [1, ''],
    ]);
  });

  test('that were over before the job was served again get back their VMs, which other jobs had since', () => {
    const second = { ...VM, name: 'gh-default-101-2', madeFor: { jobId: JOB.id, attempt: 2 } };
    const story = new Story()
      .add('queued', { event: 'job.observed', from: '', changed: { job: job(0), vm: null } })
      .add('creating.acting', { event: 'slot.granted', changed: { job: job(1), vm: VM } })
      .add('queued', {
        event: 'job.released',
        changed: { job: job(1), vm: null },
        attempt: 2,
        actor: '101.2',
      })
      .add('creating.acting', {
        ...{ actor: '101.2', attempt: 2, event: 'slot.granted' },
        changed: { job: job(2), vm: second },
      })
      .add('creating.acting', {
        ...{ actor: '101.2', attempt: 2, event: 'job.exchanged' },
        ...{ kind: 'handover', detail: { jobId: 202 } },
      })
      .add('queued', { event: 'job.observed', from: '', changed: { job: job(0), vm: null }, actor: '101.3' })
      .add('tearingDown.vm.acting', {
        ...{ actor: '101.2', attempt: 2, event: 'job.released' },
        changed: { job: { ...job(0), id: 0 }, vm: second },
      })
      .add('done', { actor: '101.2', attempt: 2, event: 'deleteVm done' });
    expect(attemptsOf(story.entries).map(({ number }) => number)).toEqual([1, 2, 1]);
    expect(phases(story)[1]).toContain('tearingDown 1');
    expect(phases(story)[2]).toEqual(['queued now']);
  });
});

test('who left a job does not tell its state: the job is where its actor is', () => {
  const { context, last } = contextOf(exchanged().entries);
  expect([last?.actor, context.vm]).toEqual(['202', null]);
  expect(verdictOf(exchanged().entries, START).headline).toContain('It has no VM.');
});

describe('what happens next', () => {
  const at = START + 60 * SECOND;

  test('is told with an instant only while that lies ahead', () => {
    expect(whenWords({ kind: 'try', what: 'Try 2', at }, START)).toMatch(
      /^Try 2 at \d\d:\d\d:\d\d \(in 1 min\)\.$/,
    );
    expect(whenWords({ kind: 'try', what: 'Try 2', at }, at)).toBe('Try 2 now.');
  });

  test('has an instant in every state, or none at all', () => {
    for (const path of STATES) {
      const context = { ...contextAt(path), job: { ...JOB, notBefore: 0 } };
      for (const { at: instant } of waitsOf({ state: path, context }))
        expect(instant, path).toBeGreaterThan(0);
    }
  });

  test('names each part of a teardown that is tried again', () => {
    const retry = { tries: 1, lastFailure: null };
    const context = {
      phase: { ...retry, nextTryAt: at, enteredAt: 0, deadlineAt: 0 },
      runnerRemoval: { ...retry, nextTryAt: at + SECOND },
    };
    const state = 'tearingDown.vm.waiting, tearingDown.runner.waiting, tearingDown.job.gone';
    expect(waitsOf({ state, context }).map(({ what }) => what)).toEqual([
      'The VM is deleted again',
      'The runner is removed again',
    ]);
  });
});

test('a lost job is over as soon as that is certain, however long its VM takes to go', () => {
  const cause = failure('VM_VANISHED', 'The VM disappeared while the job ran in it.');
  const story = new Story()
    .add('running.busy.watching', { event: 'job.observed', from: '', changed: { job: job(1), vm: VM } })
    .add('tearingDown.vm.waiting', { end: { outcome: 'lost', blame: 'host', cause } });
  expect(verdictOf(story.entries, START)).toMatchObject({
    mood: 'lost',
    headline: "Lost, the host's fault.",
    cause: 'VM_VANISHED: The VM disappeared while the job ran in it.',
    act: 'the operator of the Mac and its agent',
  });
});

test('each event and each effect is a sentence, and one without words keeps its name', () => {
  expect(JOB_EVENT_TYPES.filter((type) => eventWords(type) === type)).toEqual([]);
  expect(Object.keys(EFFECTS).filter((name) => effectWords(name) === name)).toEqual([]);
  expect(eventWords('createVm failed')).toBe('Creating the VM failed');
  expect(eventWords('phaseDeadline done')).toBe('Its time was over');
  expect(eventWords('vmRetryWait done')).toBe('The pause was over');
  expect(eventWords('something.new')).toBe('something.new');
  const order = {
    ...exchanged().entries[0],
    kind: 'order',
    event: 'operator.cancelled',
    detail: { by: 'ada' },
  };
  expect(lineOf(order as StoredJournalEntry)).toBe('ada ordered: cancel job 101');
});
