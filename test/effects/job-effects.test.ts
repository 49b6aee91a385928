import { expect, test } from 'vitest';
import { type AnyActorLogic, createActor, setup, toPromise } from 'xstate';
import type { JobEffects } from '../../machines/job/effects.ts';
import { systemClock } from '../../src/clock.ts';
import { EffectRuns } from '../../src/effects/effect-runs.ts';
import type { EffectWorld } from '../../src/effects/effect-world.ts';
import { jobEffects } from '../../src/effects/job-effects.ts';
import { deferred } from './deferred.ts';
import { ShiftedClock } from './shifted-clock.ts';

/** A world in which the least step of an effect leaves its mark and fails. */
function watchedWorld() {
  const touched: string[] = [];
  const world = new Proxy({} as EffectWorld, {
    get(_, part) {
      touched.push(String(part));
      throw new Error(`the effect acts: ${String(part)}`);
    },
  });
  return { world, touched };
}

const INPUT = {
  host: 'mac-1',
  vmName: 'gh-t-7-1',
  vmId: 'ID',
  profile: 'jeballto-macos',
  address: { host: '127.0.0.1', port: 1 },
  hostKey: null,
  owner: 'octo',
  repository: 'app',
  jobId: 7,
  runnerName: 'gh-t-7-1',
  runnerId: null,
  mode: null,
  until: 'exit',
};

const runs = new EffectRuns(systemClock, () => undefined);

const names = Object.keys(jobEffects(watchedWorld().world, async () => undefined, runs)).filter(
  (name) => name !== 'waitUntil',
) as Exclude<keyof JobEffects, 'waitUntil'>[];

/** Lets everything run that waits for nothing from outside. */
const everythingRan = () => new Promise((resolve) => setImmediate(resolve));

/** A state that invokes the effect, and one after it. */
function machineWith(effect: AnyActorLogic) {
  return setup({ actors: { effect } }).createMachine({
    initial: 'acting',
    states: {
      acting: { invoke: { src: 'effect', input: INPUT }, on: { leave: 'left' } },
      left: {},
    },
  });
}

test('every effect of the machine stands behind the barrier', () => {
  expect(names).toHaveLength(13);
});

test.each(names)('%s does nothing before the snapshot that orders it is durable', async (name) => {
  const { world, touched } = watchedWorld();
  const stored = deferred();
  const actor = createActor(jobEffects(world, () => stored.promise, runs)[name] as AnyActorLogic, {
    input: INPUT,
  });
  const ended = toPromise(actor);
  const acted = expect(ended).rejects.toThrow('the effect acts');
  actor.start();
  await everythingRan();
  expect(touched).toEqual([]);
  stored.resolve();
  await acted;
  expect(touched).not.toEqual([]);
});

test.each(names)('%s does nothing when its state was left while the snapshot was written', async (name) => {
  const { world, touched } = watchedWorld();
  const stored = deferred();
  const effect = jobEffects(world, () => stored.promise, runs)[name] as AnyActorLogic;
  const actor = createActor(machineWith(effect)).start();
  await everythingRan();
  actor.send({ type: 'leave' });
  stored.resolve();
  await everythingRan();
  expect(touched).toEqual([]);
  expect(actor.getSnapshot().value).toBe('left');
});

test('the barrier is asked only when the transition is over, so that its snapshot has been put', async () => {
  const order: string[] = [];
  const { world } = watchedWorld();
  const effects = jobEffects(world, async () => void order.push('asked'), runs);
  const actor = createActor(machineWith(effects.createVm as AnyActorLogic), {
    inspect: (event) => {
      if (event.type === '@xstate.snapshot' && event.actorRef === actor) order.push('put');
    },
  });
  actor.subscribe({ error: () => undefined });
  actor.start();
  await everythingRan();
  expect(order.slice(0, 2)).toEqual(['put', 'asked']);
});

test('waiting for an instant is no effect on the world, and ends at the instant or with its state', async () => {
  const clock = new ShiftedClock();
  const world = { clock } as unknown as EffectWorld;
  const { waitUntil } = jobEffects(world, () => new Promise(() => undefined), runs);
  const past = createActor(waitUntil, { input: { at: clock.now() - 1 } });
  const ended = toPromise(past);
  past.start();
  expect(await ended).toBeNull();
});
