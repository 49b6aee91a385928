import { expect, test } from 'vitest';
import { createActor, toPromise } from 'xstate';
import { systemClock } from '../src/clock.ts';
import { waitUntil } from '../src/wait-until.ts';

const after = (ms: number) =>
  createActor(waitUntil(systemClock), { input: { at: systemClock.now() + ms } }).start();

test('waiting ends at its instant, at once when that has passed', async () => {
  expect(await toPromise(after(-1))).toBeNull();
  expect(await toPromise(after(10))).toBeNull();
});

test('waiting ends without a word when its state is left', async () => {
  const left = after(60_000);
  left.stop();
  expect(left.getSnapshot().status).toBe('stopped');
});
