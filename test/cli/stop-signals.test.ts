import { expect, test } from 'vitest';
import { listenForStop, type StopSignal } from '../../src/cli/stop-signals.ts';
import { ManualClock } from '../support/manual-clock.ts';

const SIGNALS: StopSignal[] = ['SIGTERM', 'SIGINT'];

function listening() {
  const clock = new ManualClock();
  const forced: number[] = [];
  const stop = listenForStop({ signals: SIGNALS, clock, force: (code) => void forced.push(code) });
  return { stop, forced, clock };
}

const counts = () => SIGNALS.map((signal) => process.listenerCount(signal));

test('there is one listener for each signal until release, and none after it', () => {
  const before = counts();
  const { stop } = listening();
  expect(counts()).toEqual(before.map((count) => count + 1));
  stop.release();
  expect(counts()).toEqual(before);
});

test('the first signal is reported, and each later one forces the end with the exit code of its signal', async () => {
  const { stop, forced, clock } = listening();
  process.emit('SIGTERM', 'SIGTERM');
  expect(await stop.first).toBe('SIGTERM');
  clock.advance(1_000);
  process.emit('SIGTERM', 'SIGTERM');
  process.emit('SIGINT', 'SIGINT');
  expect(forced).toEqual([143, 130]);
  stop.release();
});

test('one Ctrl-C that arrives twice, from the terminal and from npm, does not force', () => {
  const { stop, forced, clock } = listening();
  process.emit('SIGINT', 'SIGINT');
  clock.advance(30);
  process.emit('SIGINT', 'SIGINT');
  expect(forced).toEqual([]);
  stop.release();
});
