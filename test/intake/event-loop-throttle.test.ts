import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { EventLoopThrottle } from '../../src/intake/webhooks/event-loop-throttle.ts';

/** `count` callers that arrive at once; `passed` has them in the order in which they get through. */
function arrivals(turns: EventLoopThrottle, names: string[]) {
  const passed: string[] = [];
  for (const name of names) void turns.pass().then(() => passed.push(name));
  return passed;
}

test('a few callers pass at once, and the others in later turns of the event loop, in the order of their arrival', async () => {
  const passed = arrivals(new EventLoopThrottle(2), ['a', 'b', 'c', 'd', 'e']);
  await null;
  await null;
  expect(passed).toEqual(['a', 'b']);
  await turn();
  expect(passed).toEqual(['a', 'b', 'c', 'd']);
  await turn();
  expect(passed).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('a caller that comes later waits behind the others, and not at all once they are through', async () => {
  const turns = new EventLoopThrottle(1);
  const early = arrivals(turns, ['a', 'b', 'c']);
  await turn();
  const late = arrivals(turns, ['d']);
  expect([early, late]).toEqual([['a', 'b'], []]);
  await turn();
  await turn();
  expect([early, late]).toEqual([['a', 'b', 'c'], ['d']]);
  await turn();
  const alone = arrivals(turns, ['e']);
  await null;
  await null;
  expect(alone).toEqual(['e']);
});
