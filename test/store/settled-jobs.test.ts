import { expect, test } from 'vitest';
import { type FailureCode, failure } from '../../machines/failure.ts';
import { settledJob } from './records.ts';
import { describeStore } from './store-fixture.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describeStore('settled jobs', (the) => {
  test('are known at once and after a restart', async () => {
    the().store.settled.put(settledJob(5));
    expect(the().store.settled.has(5)).toBe(true);
    await the().reopen();
    expect([5, 50].map((id) => the().store.settled.has(id))).toEqual([true, false]);
  });

  test('come newest first, whatever their numbers', async () => {
    const { store, clock } = the();
    const at = clock.now();
    store.settled.put(settledJob(9, { at }));
    store.settled.put(settledJob(3, { at: at + 1 }));
    store.settled.put(settledJob(6, { at: at + 2 }));
    store.settled.put(settledJob(9, { at: at + 3, outcome: 'succeeded', cause: null }));
    await store.durable();
    const newest = async (limit: number) =>
      (await the().store.settled.newest(limit)).map(({ jobId }) => jobId);
    expect(await newest(2)).toEqual([9, 6]);
    await the().reopen();
    expect(await newest(2)).toEqual([9, 6]);
    expect(await newest(0)).toEqual([]);
  });

  const BY_OPERATOR = failure('OPERATOR_CANCELLED', 'no');
  const FORGOTTEN = failure('OPERATOR_FORGOT', 'no');
  test.each([
    ['whose label left the config', { outcome: 'notOurs', cause: failure('PROFILE_UNKNOWN', 'no') }, 0],
    ['was shown nowhere', { outcome: 'unknown', blame: null, conclusion: null, cause: null }, 0],
    ['another runner took', { outcome: 'notOurs', blame: null, conclusion: null, cause: null }, null],
    ['has ended', { outcome: 'succeeded', blame: null, conclusion: 'success', cause: null }, null],
    ['was cancelled here', { outcome: 'cancelled', cause: BY_OPERATOR }, null],
    ['whose record an operator ended', { outcome: 'unknown', cause: FORGOTTEN }, null],
  ] as const)(
    'say whether GitHub may still have one queued: one that %s',
    async (_which, facts, expected) => {
      the().store.settled.put(settledJob(7, facts));
      expect(the().store.settled.endUntold(7)).toBe(expected);
      await the().store.durable();
      await the().reopen();
      expect(the().store.settled.endUntold(7)).toBe(expected);
    },
  );

  test('whose end GitHub had not told are listed for a while, until it is told', async () => {
    const { store, clock } = the();
    const at = clock.now();
    const unknown = { outcome: 'unknown', blame: null, cause: null } as const;
    store.settled.put(settledJob(5, { ...unknown, at }));
    store.settled.put(settledJob(6, { ...unknown, at: at - HOUR - 1 }));
    store.settled.put(settledJob(7, { ...unknown, at, attempts: 2 }));
    store.settled.put(settledJob(7, { outcome: 'succeeded', blame: null, cause: null, at }));
    await store.durable();
    await the().reopen();
    const listed = () =>
      the()
        .store.settled.unknownEnds(at)
        .map(({ jobId }) => jobId);
    expect([listed(), listed()]).toEqual([[5], [5]]);
    const told = (jobId: number) =>
      the().store.settled.attemptsOfUnknownEnd({ jobId, conclusion: 'success', seenAt: at });
    expect([5, 6, 7].map(told)).toEqual([3, 3, null]);
  });

  test('that are called lost for a VM that was gone have ended by themselves, if GitHub tells it at once or they succeeded', async () => {
    const { settled } = the().store;
    const at = the().clock.now();
    const lost = (code: FailureCode) =>
      settledJob(5, { outcome: 'lost', blame: 'host', conclusion: null, cause: failure(code, 'gone'), at });
    const told = (conclusion: string, minutes: number) =>
      settled.attemptsOfUnknownEnd({ jobId: 5, conclusion, seenAt: at + minutes * MINUTE }) !== null;
    const listed = (minutes: number) => settled.unknownEnds(at + minutes * MINUTE).length;
    settled.put(lost('VM_VANISHED'));
    expect([told('failure', 1), told('cancelled', 1), told('success', 20)]).toEqual([true, true, true]);
    // GitHub fails a job whose runner is gone only after minutes.
    expect([told('failure', 10), told('cancelled', 10)]).toEqual([false, false]);
    // A success counts at any time, so GitHub is asked for as long as about an end that it did not tell.
    expect([listed(4), listed(6), listed(59), listed(61)]).toEqual([1, 1, 1, 0]);
    expect(settled.endUntold(5)).toBeNull();
    // The runner could not be removed for ten minutes, and only then the record ended.
    settled.put({ ...lost('VM_VANISHED'), lostAt: at - 10 * MINUTE });
    expect([told('failure', 1), told('success', 1)]).toEqual([false, true]);
    settled.put(lost('RUNNER_DIED'));
    expect([told('success', 1), listed(1)]).toEqual([false, 0]);
  });

  const earlier = (outcome: string, change: object = {}) =>
    ({ ...settledJob(7, { conclusion: null, cause: null, ...change }), outcome, blame: undefined }) as never;
  const GIVEN_UP = failure('VM_CREATE_FAILED', 'no');
  test.each([
    ['done', { conclusion: 'success' }, { outcome: 'succeeded', blame: null }, null],
    ['done', { conclusion: 'failure' }, { outcome: 'failed', blame: 'job' }, null],
    ['done', {}, { outcome: 'unknown', blame: null }, 0],
    ['cancelled', { conclusion: 'cancelled' }, { outcome: 'cancelled', blame: null }, null],
    ['taken', {}, { outcome: 'notOurs', blame: null }, null],
    ['lost', { cause: failure('VM_VANISHED', 'gone') }, { outcome: 'lost', blame: 'host' }, null],
    ['failed', { cause: GIVEN_UP }, { outcome: 'unknown', blame: 'host' }, 0],
    ['failed', { cause: BY_OPERATOR }, { outcome: 'cancelled', blame: 'operator' }, null],
  ])(
    'of an earlier version, "%s" with %o, have one of the outcomes of today',
    async (outcome, facts, now, untold) => {
      the().store.settled.put(earlier(outcome, facts));
      await the().store.durable();
      await the().reopen();
      expect(await the().store.settled.get(7)).toMatchObject({ ...facts, ...now });
      expect(the().store.settled.endUntold(7)).toBe(untold);
    },
  );

  test('with a damaged outcome are still not started again, and the damage is logged', async () => {
    the().store.settled.put(settledJob(5));
    await the().damage('settled', '0000000000000005');
    await the().reopen();
    expect(the().store.settled.has(5)).toBe(true);
    expect(await the().store.settled.newest(5)).toEqual([]);
    expect(await the().store.settled.get(5)).toBeNull();
    expect(the().logged).toEqual([expect.stringMatching(/table settled, .*That job is over/)]);
  });
});

describeStore('jobs that match nothing', (the) => {
  test('are noted as unmatched once, also across a restart', async () => {
    const { store } = the();
    expect([store.noted.addOnce(7), store.noted.addOnce(7), store.noted.addOnce('octo/app')]).toEqual([
      true,
      false,
      true,
    ]);
    await the().reopen();
    expect([the().store.noted.addOnce(7), the().store.noted.addOnce(8)]).toEqual([false, true]);
  });
});
