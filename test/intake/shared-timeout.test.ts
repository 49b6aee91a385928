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

test('each of several uses has the whole time from its own beginning', async () => {
  const { clock, reached, start } = begin();
  start('first');
  await clock.passUntil(3_000);
  start('second');
  await clock.passUntil(8_000);
  expect(reached).toEqual(['first']);
  await clock.passUntil(11_000);
  expect(reached).toEqual(['first', 'second']);
});

test('a use that ended in time does not time out, and the last one leaves no timer', async () => {
  const { clock, reached, start } = begin();
  const ends = [start('first'), start('second')];
  expect(clock.alarms).toHaveLength(1);
  for (const end of ends) end();
  await settled();
  expect(clock.alarms).toEqual([]);
  await clock.passUntil(60_000);
  expect(reached).toEqual([]);
});

test('a use that begins when the last one ends times out too', async () => {
  const { clock, reached, start } = begin();
  start('first')();
  start('second');
  await settled();
  await clock.passUntil(8_000);
  expect(reached).toEqual(['second']);
});
