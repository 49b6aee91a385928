import { expect, test, vi } from 'vitest';
import type { Operation } from '../../src/store/engine.ts';
import { GroupCommit, type WriteHealth } from '../../src/store/group-commit.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { ManualClock } from '../support/manual-clock.ts';

const put = (key: string, value = key): Operation => ({ type: 'put', table: 'noted', key, value });

/** A disk on which each write waits for the test, or ends at once while `held` is false. */
function scripted({ held = false } = {}) {
  const clock = new ManualClock();
  const batches: Operation[][] = [];
  const answers: { resolve(): void; reject(error: Error): void }[] = [];
  const changes: WriteHealth[] = [];
  const disk = { held, refusal: null as Error | null };
  const commit = new GroupCommit({
    clock,
    onHealthChange: (health) => changes.push(health),
    write(operations) {
      batches.push(operations);
      if (disk.held) return new Promise((resolve, reject) => answers.push({ resolve, reject }));
      return disk.refusal ? Promise.reject(disk.refusal) : Promise.resolve();
    },
  });
  const keys = () => batches.map((batch) => batch.map(({ key }) => key));
  return { clock, commit, disk, batches, keys, answers, changes };
}

async function hasResolved(promise: Promise<void>): Promise<boolean> {
  let resolved = false;
  void promise.then(() => {
    resolved = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return resolved;
}

test('all writes of one synchronous piece of code are one batch', async () => {
  const { commit, keys } = scripted();
  commit.add(put('a'));
  commit.add(put('b'));
  await commit.durable();
  expect(keys()).toEqual([['a', 'b']]);
});

test('writes that follow through promises only are in the same batch, later ones are not', async () => {
  const { commit, keys } = scripted();
  commit.add(put('a'));
  for (let turn = 0; turn < 20; turn += 1) await null;
  commit.add(put('b'));
  await new Promise((resolve) => setImmediate(resolve));
  commit.add(put('c'));
  await commit.durable();
  expect(keys()).toEqual([['a', 'b'], ['c']]);
});

test('a synchronous piece of code during a write is not split either', async () => {
  const { commit, keys, answers } = scripted({ held: true });
  commit.add(put('first'));
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  commit.add(put('a'));
  answers[0]?.resolve();
  commit.add(put('b'));
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  expect(keys()).toEqual([['first'], ['a', 'b']]);
});

test('the last write of a key within a batch wins', async () => {
  const { commit, batches } = scripted();
  commit.add(put('a', 'old'));
  commit.add({ type: 'del', table: 'noted', key: 'a' });
  commit.add(put('a', 'new'));
  await commit.durable();
  expect(batches).toEqual([[put('a', 'new')]]);
});

test('durable waits for the current write and for everything added after it', async () => {
  const { commit, answers } = scripted({ held: true });
  commit.add(put('a'));
  const first = commit.durable();
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  commit.add(put('b'));
  const second = commit.durable();
  answers[0]?.resolve();
  await first;
  expect(await hasResolved(second)).toBe(false);
  answers[1]?.resolve();
  await second;
});

test('durable without new writes waits for the current write', async () => {
  const { commit, answers } = scripted({ held: true });
  commit.add(put('a'));
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  const asked = commit.durable();
  expect(await hasResolved(asked)).toBe(false);
  answers[0]?.resolve();
  await asked;
});

test('durable resolves at once when nothing is pending', async () => {
  const { commit, batches } = scripted();
  await commit.durable();
  expect(batches).toEqual([]);
});

test('a write that is added after a wait for the one before is written too', async () => {
  const { commit, keys } = scripted();
  for (let n = 0; n < 5; n += 1) {
    commit.add(put(`k${n}`));
    await commit.durable();
  }
  expect(keys()).toEqual([['k0'], ['k1'], ['k2'], ['k3'], ['k4']]);
});

test('a refused batch delays durable, and is tried again together with newer writes', async () => {
  const { clock, commit, disk, batches } = scripted();
  disk.refusal = new Error('no space left');
  commit.add(put('a', 'old'));
  commit.add(put('b'));
  const waiting = commit.durable();
  await vi.waitFor(() => expect(clock.alarms).toHaveLength(1));
  commit.add(put('a', 'new'));
  commit.add(put('c'));
  expect(await hasResolved(waiting)).toBe(false);
  disk.refusal = null;
  clock.advance(100);
  await waiting;
  expect(batches.at(-1)).toEqual([put('a', 'new'), put('b'), put('c')]);
});

test('health has the outage from its first failure to its end', async () => {
  const { clock, commit, disk, changes } = scripted();
  const began = clock.now();
  disk.refusal = new Error('Database failed', { cause: new Error('no space left') });
  commit.add(put('a'));
  const waiting = commit.durable();
  await vi.waitFor(() => expect(clock.alarms).toHaveLength(1));
  clock.advance(100);
  await vi.waitFor(() => expect(clock.alarms).toEqual([began + 300]));
  const outage = {
    ok: false,
    failingSince: began,
    lastError: 'Database failed: no space left',
    pending: 1,
  };
  expect(commit.health()).toEqual(outage);
  disk.refusal = null;
  clock.advance(200);
  await waiting;
  expect(commit.health()).toEqual({ ...outage, ok: true, failingSince: null, pending: 0 });
  expect(changes.map(({ ok }) => ok)).toEqual([false, true]);
});

test('the pauses between tries grow up to five seconds', async () => {
  const { clock, commit, disk } = scripted();
  disk.refusal = new Error('no space left');
  commit.add(put('a'));
  const pauses: number[] = [];
  for (let n = 0; n < 8; n += 1) {
    await vi.waitFor(() => expect(clock.alarms).toHaveLength(1));
    const pause = (clock.alarms[0] ?? 0) - clock.now();
    pauses.push(pause);
    clock.advance(pause);
  }
  expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  await expect(commit.close()).rejects.toThrow(StoreError);
});

test('pending includes what is being written', async () => {
  const { commit, answers } = scripted({ held: true });
  commit.add(put('a'));
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  commit.add(put('b'));
  expect(commit.health().pending).toBe(2);
});

test('close stores what is pending and then refuses writes', async () => {
  const { commit, keys } = scripted();
  commit.add(put('a'));
  await commit.close();
  expect(keys()).toEqual([['a']]);
  expect(() => commit.add(put('b'))).toThrow(StoreError);
  await commit.durable();
});

test('close during an outage tries once more at once', async () => {
  const { clock, commit, disk, keys } = scripted();
  disk.refusal = new Error('no space left');
  commit.add(put('a'));
  await vi.waitFor(() => expect(clock.alarms).toHaveLength(1));
  disk.refusal = null;
  await commit.close();
  expect(keys()).toEqual([['a'], ['a']]);
});

test('close fails with the number of lost writes when the disk still refuses, and durable never resolves', async () => {
  const { clock, commit, disk } = scripted();
  disk.refusal = new Error('no space left');
  commit.add(put('a'));
  const waiting = commit.durable();
  await vi.waitFor(() => expect(clock.alarms).toHaveLength(1));
  await expect(commit.close()).rejects.toThrow('The last 1 writes could not be stored: no space left');
  expect(await hasResolved(waiting)).toBe(false);
  expect(await hasResolved(commit.durable())).toBe(false);
});
