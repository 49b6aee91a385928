import { describe, expect, test } from 'vitest';
import { readSnapshot } from '../../src/jobs/records/read-snapshot.ts';
import { settled } from '../support/manual-clock.ts';
import { leftUndone, PLACES, rigAt } from './job-places.ts';
import { JobRig } from './job-rig.ts';
import { STATES } from './job-step.ts';

const RESTING = STATES.filter((path) => path !== 'done' && path !== 'failed');

/** All instants of a stored record that a wait ends at. */
function storedInstants(stored: unknown): Record<string, { at: number; looksFor: number }> {
  const { children } = stored as {
    children: Record<string, { src: string; snapshot: { input: { at: number; looksFor: number } } }>;
  };
  return Object.fromEntries(
    Object.entries(children)
      .filter(([, { src }]) => src === 'waitUntil')
      .map(([id, { snapshot }]) => [id, snapshot.input]),
  );
}

/** Ends the process in this state; only its stored record is left. */
async function leftBehind(path: string) {
  const rig = await rigAt(path);
  const stored = rig.stored();
  const { context, at } = rig;
  const waits = rig.clock.alarms;
  rig.stop();
  return { rig, stored, context, at, waits, now: rig.clock.now() };
}

/** An instant while the state still lasts. */
const duringState = (now: number, waits: number[]) => Math.floor((now + (waits[0] ?? now + 3_600_000)) / 2);

test('this test has a restart in every state in which an actor can rest', () => {
  expect(Object.keys(PLACES).sort()).toEqual([...RESTING].sort());
});

describe.each(RESTING)('a restart in %s', (path) => {
  test('finds a readable record of that state', async () => {
    const { rig, at, stored } = await leftBehind(path);
    expect(at).toBe(path);
    expect(readSnapshot(rig.machine, stored)).not.toHaveProperty('why');
  });

  test('extends no deadline (law 8)', async () => {
    const { stored, context, waits, now } = await leftBehind(path);
    const again = new JobRig({
      stored,
      now: duringState(now, waits),
      stalled: true,
      ...leftUndone(path),
    });
    expect(again.at).toBe(path);
    expect(again.context).toEqual(context);
    expect(again.clock.alarms).toEqual(waits);
    expect(storedInstants(again.stored())).toEqual(storedInstants(stored));
  });

  test('ends the job with exactly the effects that were left', async () => {
    const { stored, waits, now } = await leftBehind(path);
    const again = new JobRig({ stored, now: duringState(now, waits) });
    if (path === 'queued') await again.grantSlot();
    expect(await again.finish()).toBe('done');
    const called: string[] = again.calls.map(({ effect }) => effect);
    // VM and runner are removed in parallel, in any order.
    if (path.startsWith('tearingDown')) called.sort();
    expect(called).toEqual(PLACES[path]?.left);
  });

  test('leaves the state at the same instants as without a restart', async () => {
    const { stored, waits, now } = await leftBehind(path);
    const without = await rigAt(path);
    without.stall();
    const again = new JobRig({
      stored,
      now: duringState(now, waits),
      stalled: true,
      ...leftUndone(path),
    });
    for (const instant of without.clock.alarms) {
      await without.clock.passUntil(instant);
      await again.clock.passUntil(instant);
      expect([instant, again.at, again.clock.alarms]).toEqual([instant, without.at, without.clock.alarms]);
      expect(again.context).toEqual(without.context);
    }
  });
});

test('law 13: a deadline that passes while no daemon runs takes effect only after a fresh look', async () => {
  const expected: Record<string, string> = {};
  const actual: Record<string, string> = {};
  for (const path of RESTING) {
    const { stored } = await leftBehind(path);
    const deadlines = Object.entries(storedInstants(stored)).filter(([id]) => !/retry|blocked/i.test(id));
    const first = Math.min(...deadlines.map(([, { at }]) => at));
    if (deadlines.length === 0) continue;
    const without = await rigAt(path);
    without.stall();
    await without.clock.passUntil(first);
    const late = new JobRig({ stored, now: first + 3_600_000, stalled: true, ...leftUndone(path) });
    await settled();
    expected[path] = without.at;
    const judges = Object.entries(storedInstants(stored)).some(([, { looksFor }]) => looksFor > 0);
    if (judges) expect([path, late.at]).not.toEqual([path, without.at]);
    await late.clock.pass(60_000);
    actual[path] = late.at;
  }
  expect(actual).toEqual(expected);
});
