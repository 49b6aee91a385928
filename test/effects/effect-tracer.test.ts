import { expect, test } from 'vitest';
import { beginCall, routeOf } from '../../src/call-trace.ts';
import { systemClock } from '../../src/clock.ts';
import { type EffectTrace, EffectTracer } from '../../src/effects/effect-tracer.ts';
import { DaemonError } from '../../src/errors.ts';

const call = async (route: string, status: number | null) => {
  const ended = beginCall({ system: 'agent', host: 'mini-1', method: 'GET', route });
  await new Promise((resolve) => setImmediate(resolve));
  ended(status);
};
const never = new AbortController().signal;

function rig() {
  const ended: EffectTrace[] = [];
  const tracer = new EffectTracer(systemClock, (trace) => ended.push(trace));
  tracer.listen();
  return { tracer, ended };
}

test('each call is recorded for the effect that made it, however many effects run at once', async () => {
  const { tracer, ended } = rig();
  await Promise.all(
    ['a', 'b', 'c'].map((actor) =>
      tracer.trace(actor, 'createVm', never, async () => {
        for (let n = 0; n < 5; n += 1) await call(`/${actor}/${n}`, 200);
      }),
    ),
  );
  await call('/of/nobody', 200);
  for (const { actor, calls, outcome } of ended) {
    expect(calls.map(({ route }) => route)).toEqual([0, 1, 2, 3, 4].map((n) => `/${actor}/${n}`));
    expect(outcome).toBe('done');
  }
  expect(ended).toHaveLength(3);
  tracer.stop();
});

test('repeated equal calls are one entry with a count, and the number of entries is bounded', async () => {
  const { tracer, ended } = rig();
  await tracer.trace('a', 'pull', never, async () => {
    for (let n = 0; n < 100; n += 1) await call('/pull', 200);
    for (let n = 0; n < 60; n += 1) await call(`/r${n}`, n % 2 ? 500 : null);
  });
  expect(ended[0]?.calls[0]).toMatchObject({ route: '/pull', times: 100 });
  expect(ended[0]?.calls).toHaveLength(24);
  expect(ended[0]?.more).toBe(37);
  tracer.stop();
});

test('a trace says how the effect ended: with a failure code, or left before its end', async () => {
  const { tracer, ended } = rig();
  const fails = tracer.trace('a', 'x', never, async () => {
    throw new DaemonError('VM_BUSY', 'busy');
  });
  await expect(fails).rejects.toThrow('busy');
  const left = new AbortController();
  const abandoned = tracer.trace('b', 'y', left.signal, async () => {
    await call('/one', 200);
    left.abort();
    left.signal.throwIfAborted();
  });
  await expect(abandoned).rejects.toThrow();
  expect(ended.map(({ outcome }) => outcome)).toEqual(['VM_BUSY', 'abandoned']);
  expect(tracer.underWay('b')).toEqual([]);
  tracer.stop();
});

test.each([
  ['/vms/6F79B305-CA92-488A-A415-9BEDBC493BBD/start', '/vms/{id}/start'],
  ['/vms?limit=1000&offset=0', '/vms'],
  ['/repos/acme/app/actions/runners/24', '/repos/{repository}/actions/runners/{id}'],
  ['/orgs/acme/actions/runners/generate-jitconfig', '/orgs/{owner}/actions/runners/generate-jitconfig'],
  ['/system/capabilities', '/system/capabilities'],
])('the route of %s is %s', (path, route) => {
  expect(routeOf(path)).toBe(route);
});
