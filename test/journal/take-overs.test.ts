import { expect, test } from 'vitest';
import { TakeOvers } from '../../src/journal/take-overs.ts';

const entry = (at: number, detail: Record<string, unknown>, kind: 'daemon' | 'host' = 'daemon') => ({
  ...{ seq: at, since: at, kind, at, actor: 'daemon', event: 'daemon.started', jobId: 0, attempt: 0 },
  ...{ host: null, from: '', to: '', detail },
});

test('take-overs are the starts of which a controller is told; those of a daemon that is alone are not', () => {
  const takeOvers = new TakeOvers();
  takeOvers.add(entry(1, { heardLast: 1 }));
  takeOvers.add(entry(2, { controller: 'a', before: '', epoch: 7 }));
  takeOvers.add(entry(3, { controller: 'b' }, 'host'));
  takeOvers.add(entry(4, { controller: 'b', before: 'a', epoch: 8 }));
  expect(takeOvers.all()).toEqual([
    { at: 2, controller: 'a', before: '', epoch: 7 },
    { at: 4, controller: 'b', before: 'a', epoch: 8 },
  ]);
});

test('the oldest take-overs are forgotten', () => {
  const takeOvers = new TakeOvers();
  for (let at = 1; at <= 150; at += 1) takeOvers.add(entry(at, { controller: 'a', before: 'b', epoch: at }));
  expect(takeOvers.all()).toHaveLength(100);
  expect(takeOvers.all().at(-1)?.epoch).toBe(150);
});
