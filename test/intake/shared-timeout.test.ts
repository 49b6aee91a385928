import { expect, test } from 'vitest';
import { SharedTimeout } from '../../src/intake/webhooks/shared-timeout.ts';
import { ManualClock, settled } from '../support/manual-clock.ts';

function begin() {
  const clock = new ManualClock(0);
  const timeout = new SharedTimeout(clock as never, 8_000);
  const reached: string[] = [];
  const start = (name: string) => {
    const limit = timeout.start();
    void limit.reached.then(() => reached.push(name));
    return limit.end;
  };
  return { clock, reached, start };
}

test('each of several has the whole time from its own beginning', async () => {
  const { clock, reached, start } = begin();
  start('first');
  await clock.passUntil(3_000);
  start('second');
  await clock.passUntil(8_000);
  expect(reached).toEqual(['first']);
  await clock.passUntil(11_000);
  expect(reached).toEqual(['first', 'second']);
});

test('what ended in time reaches no limit, and the last one that ends leaves nobody asleep', async () => {
  const { clock, reached, start } = begin();
  const ends = [start('first'), start('second')];
  expect(clock.alarms).toHaveLength(1);
  for (const end of ends) end();
  await settled();
  expect(clock.alarms).toEqual([]);
  await clock.passUntil(60_000);
  expect(reached).toEqual([]);
});

test('one that begins in the moment in which the last one ends is not forgotten', async () => {
  const { clock, reached, start } = begin();
  start('first')();
  start('second');
  await settled();
  await clock.passUntil(8_000);
  expect(reached).toEqual(['second']);
});
