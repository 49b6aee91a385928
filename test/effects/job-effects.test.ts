import { describe, expect, test } from 'vitest';
import { type AnyActorLogic, createActor, setup, toPromise } from 'xstate';
import { systemClock } from '../../src/clock.ts';
import { EffectTracer } from '../../src/effects/effect-tracer.ts';
import type { EffectWorld } from '../../src/effects/effect-world.ts';
import { EFFECTS, jobEffects } from '../../src/effects/job-effects.ts';
import { PendingCreates } from '../../src/effects/pending-creates.ts';
import { deferred } from '../support/deferred.ts';
import { memoryLedger } from '../support/memory-ledger.ts';

/** A world in which every step of an effect is recorded and fails. */
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
  image: null,
  hostKey: null,
  owner: 'octo',
  repository: 'app',
  jobId: 7,
  runnerName: 'gh-t-7-1',
  scope: { kind: 'repository', owner: 'octo', repository: 'app' },
  runnerId: null,
  mode: null,
  until: 'exit',
};

const tracer = new EffectTracer(systemClock, () => undefined);

const namesOf = (isEarly: boolean) =>
  Object.values(EFFECTS).flatMap(({ name, looksEarly }) => (looksEarly === isEarly ? [name] : []));
const [EARLY, ORDERED] = [namesOf(true), namesOf(false)];

/** The reads of effects that look early, each with the response after which they act, or with another one. */
const looksOf = ({ isDone }: { isDone: boolean }) => ({
  findVms: [],
  health: { uptime: 60 },
  vmState: isDone ? 'running' : 'stopped',
  getVm: null,
  getJob: isDone ? null : { status: 'queued' },
  openGuest: {
    hostKey: 'KEY',
    run: async () => ({ stdout: `system: Darwin arm64 ${Math.floor(Date.now() / 1000)}`, stderr: '' }),
    close: () => undefined,
  },
});

/** A world that responds to reads, and counts every other request to GitHub or an agent as a change. */
function answeringWorld(answers: ReturnType<typeof looksOf>) {
  const looks: string[] = [];
  const acts: string[] = [];
  const answer = async (name: string) => {
    const isLook = name in answers;
    (isLook ? looks : acts).push(name);
    if (!isLook) throw new Error(`the effect acts: ${name}`);
    return answers[name as keyof typeof answers];
  };
  const asked = (own: object) =>
    new Proxy(own, {
      get: (known, name) => Reflect.get(known, name) ?? (() => answer(String(name))),
    });
  const world = {
    clock: systemClock,
    github: asked({ jitSupported: () => true, now: () => systemClock.now() }),
    guest: {},
    openGuest: () => answer('openGuest'),
    agent: () => asked({ baseUrl: 'http://127.0.0.1:1' }),
    profile: () => ({ image: 'IMAGE', lifetimeSeconds: 1 }),
    scope: () => ({}),
    creates: new PendingCreates(systemClock, () => 1, memoryLedger()),
    pulls: { ensure: async () => undefined } as never,
    bases: { forVm: () => ({ state: 'none', why: null }), forget: () => undefined },
    observe: () => undefined,
    progress: () => undefined,
  } as unknown as EffectWorld;
  return { world, looks, acts };
}

/** Lets everything run that does not wait for the outside. */
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

test('every effect of the machine waits for the barrier, except those that look early', () => {
  expect(EARLY).toEqual(['createVm', 'startVm', 'probeGuest', 'obtainRunnerConfig']);
  expect(ORDERED).toHaveLength(11);
});

test.each(ORDERED)('%s does nothing before the snapshot that orders it is durable', async (name) => {
  const { world, touched } = watchedWorld();
  const stored = deferred();
  const actor = createActor(jobEffects(world, () => stored.promise, tracer)[name] as AnyActorLogic, {
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

test.each(ORDERED)('%s does nothing when its state was left while the snapshot was written', async (name) => {
  const { world, touched } = watchedWorld();
  const stored = deferred();
  const effect = jobEffects(world, () => stored.promise, tracer)[name] as AnyActorLogic;
  const actor = createActor(machineWith(effect)).start();
  await everythingRan();
  actor.send({ type: 'leave' });
  stored.resolve();
  await everythingRan();
  expect(touched).toEqual([]);
  expect(actor.getSnapshot().value).toBe('left');
});

describe.each(EARLY)('%s', (name) => {
  const began = (isDone: boolean) => {
    const at = answeringWorld(looksOf({ isDone }));
    const stored = deferred();
    const effect = jobEffects(at.world, () => stored.promise, tracer)[name] as AnyActorLogic;
    return { ...at, stored, effect };
  };

  test('looks while its snapshot is written, and changes nothing before that is durable', async () => {
    const { looks, acts, stored, effect } = began(false);
    const actor = createActor(effect, { input: INPUT });
    const ended = toPromise(actor).catch((error: Error) => error.message);
    actor.start();
    await everythingRan();
    expect(looks).not.toEqual([]);
    expect(acts).toEqual([]);
    stored.resolve();
    const how = await ended;
    if (name === 'probeGuest') expect(acts).toEqual([]);
    else expect([how, acts]).toEqual([`the effect acts: ${acts[0]}`, [expect.any(String)]]);
  });

  test('does not end before its snapshot is durable, however little it finds to do', async () => {
    const { looks, stored, effect } = began(true);
    const actor = createActor(effect, { input: INPUT });
    actor.subscribe({ error: () => undefined });
    actor.start();
    await everythingRan();
    expect(looks).not.toEqual([]);
    expect(actor.getSnapshot().status).toBe('active');
    stored.resolve();
    await everythingRan();
    expect(actor.getSnapshot().status).not.toBe('active');
  });

  test('changes nothing when its state was left while it looked', async () => {
    const { looks, acts, stored, effect } = began(false);
    const actor = createActor(machineWith(effect)).start();
    await everythingRan();
    actor.send({ type: 'leave' });
    stored.resolve();
    await everythingRan();
    expect(looks).not.toEqual([]);
    expect(acts).toEqual([]);
  });
});

test('the barrier is only waited for after the transition, when its snapshot was put into the store', async () => {
  const order: string[] = [];
  const { world } = watchedWorld();
  const effects = jobEffects(world, async () => void order.push('asked'), tracer);
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
