import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { NO_JOB } from '../../machines/job/context.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { topState } from '../../machines/state-path.ts';
import type { AgentClient } from '../../src/agent/agent-client.ts';
import { createCore } from '../../src/controller/create-core.ts';
import { OrderRefused, Orders } from '../../src/dispatch/orders.ts';
import { VmLook } from '../../src/evidence/vm-look.ts';
import { JournalWriter } from '../../src/journal/journal-writer.ts';
import { HOLD, JOB, VM } from '../machines/job-samples.ts';
import { snapshotAt } from '../machines/job-step.ts';
import { DAY } from '../store/records.ts';
import { endlessEffects } from '../support/endless-effects.ts';
import { ManualClock, settled } from '../support/manual-clock.ts';
import { memoryStore } from '../support/memory-store.ts';

const log = pino({ level: 'silent' });
const MINUTE = 60_000;
const FAILED = 900;
const ASKING = 'tearingDown vm.askingToHold runner.gone job.gone';
const HELD = 'tearingDown vm.held runner.gone job.gone';
const LEAVING = 'tearingDown vm.acting runner.gone job.gone';

/** A daemon whose hosts have two slots each and list the VMs of their actors; no effect ends. */
async function daemon(names = ['mini-1']) {
  const clock = new ManualClock(HOLD.at);
  const store = await memoryStore({ clock, log, retention: DAY });
  const journal = new JournalWriter(store.journal);
  const closed = new Set<string>();
  const vanished = new Set<string>();
  const client = (host: string) =>
    ({
      health: async () => ({ version: '1', uptime: 9 }),
      capabilities: async () => ({ maxConcurrentVMs: 2 }),
      isInMaintenance: async () => closed.has(host),
      lookAtVms: async () => ({
        vms: [...core.actors.all()]
          .flatMap(({ snapshot }) => snapshot.context.vm ?? [])
          .filter((vm) => vm.host === host && !vanished.has(vm.name))
          .map(({ id, name }) => ({ id, name, state: 'running', createdAt: 1 })),
        unreadable: [],
      }),
      whenInMaintenance: () => undefined,
    }) as unknown as AgentClient;
  const core = createCore({
    store,
    journal,
    clock,
    log,
    policy: { ...DEFAULT_POLICY, namePrefix: 'gh' },
    effects: () => endlessEffects(),
    hosts: names.map((name) => ({ name, client: client(name), maxVms: 2 })),
    hostPolicy: { checkInterval: MINUTE, lostAfter: 2 * MINUTE },
    profileFor: () => JOB.profile,
  });
  const orders = new Orders({
    rollouts: { order: () => null },
    labels: [],
    ...core,
    journal,
    store,
    github: { getJob: async () => null },
    profileFor: () => JOB.profile,
    clock,
    log,
  });
  const told: string[] = [];
  journal.subscribe(({ kind, event, detail }) => kind === 'order' && told.push(`${detail?.by} ${event}`));
  core.hosts.start();
  await settled();
  onTestFinished(async () => {
    core.stop();
    await clock.finish(store.durable());
  });
  let count = 0;
  return {
    ...core,
    clock,
    orders,
    told,
    vanished,
    look: new VmLook({ guest: { user: 'admin' } } as never, core.actors, []),
    /** An actor of a VM in this state, for a job that is gone from it. */
    put: (path: string, host = 'mini-1', more = {}) => {
      count += 1;
      const vm = { ...VM, host, name: `gh-${FAILED + count}-1`, id: `vm-${count}` };
      const hold = { ...HOLD, jobId: FAILED + count, at: HOLD.at + count, ...more };
      const job = { ...JOB, id: NO_JOB, status: 'completed' as const };
      const { value, context } = snapshotAt(path, { vm, job });
      const stored = { status: 'active', value, children: {}, historyValue: {}, context };
      const key = String(FAILED + count);
      const isHeld = path === HELD || path === ASKING;
      const read = core.actors.restore(key, {
        ...stored,
        context: { ...context, hold: isHeld ? hold : null },
      });
      if ('why' in read) throw new Error(read.why);
      read.start();
      return key;
    },
    /** A job that waits for a slot. */
    queue: (id: number) => core.actors.create({ ...JOB, id }),
    of: (key: string) => {
      const snapshot = core.actors.snapshotOf(key);
      return snapshot?.hasTag('held')
        ? snapshot.hasTag('asksToHold')
          ? 'asks'
          : 'held'
        : (snapshot?.context.hold?.ended ?? (snapshot && topState(snapshot.value)));
    },
  };
}

test('a VM is held while another slot is free, also when a job comes that gets that one', async () => {
  const at = await daemon();
  const key = at.put(ASKING);
  await settled();
  expect(at.of(key)).toBe('held');
  const job = at.queue(1);
  await settled();
  expect([at.of(key), at.of(job)]).toEqual(['held', 'creating']);
});

test('the job that finds no other slot gets that of the held VM', async () => {
  const at = await daemon();
  const key = at.put(HELD);
  at.queue(1);
  await settled();
  expect(at.of(key)).toBe('held');
  at.queue(2);
  await settled();
  expect(at.of(key)).toBe('jobWaits');
});

test('no VM begins to be held in the last free slot while a job waits', async () => {
  const at = await daemon();
  at.put('running.busy.watching');
  at.queue(1);
  const key = at.put(ASKING);
  await settled();
  expect(at.of(key)).toBe('jobWaits');
});

test('a job that rests between two attempts, and one that a deleted VM makes room for, end no hold', async () => {
  const at = await daemon();
  const key = at.put(HELD);
  at.put(LEAVING);
  at.queue(1);
  await settled();
  expect(at.of(key)).toBe('held');
  const resting = await daemon();
  const held = resting.put(HELD);
  resting.put('running.busy.watching');
  resting.actors.create({ ...JOB, id: 1, notBefore: resting.clock.now() + MINUTE });
  await settled();
  expect(resting.of(held)).toBe('held');
  await resting.clock.pass(MINUTE);
  expect(resting.of(held)).toBe('jobWaits');
});

test('a host holds one VM, and another host one of its own', async () => {
  const at = await daemon(['mini-1', 'mini-2']);
  const [first, second, other] = [at.put(ASKING), at.put(ASKING), at.put(ASKING, 'mini-2')];
  await settled();
  expect([first, second, other].map(at.of)).toEqual(['held', 'otherHeld', 'held']);
});

test('a cordon and a drain end a hold, and a cordoned host begins none', async () => {
  for (const order of ['cordon', 'drain'] as const) {
    const at = await daemon();
    const key = at.put(HELD);
    at.orders[order]('mini-1', 'ada');
    await settled();
    expect(at.of(key)).toBe('hostClosed');
    const later = at.put(ASKING);
    await settled();
    expect(at.of(later)).toBe('hostClosed');
  }
});

test('a VM that its host does not list any more is held no longer', async () => {
  const at = await daemon();
  const key = at.put(HELD);
  at.hosts.look('mini-1');
  await settled();
  at.vanished.add(at.actors.snapshotOf(key)?.context.vm?.name ?? '');
  at.hosts.look('mini-1');
  await settled();
  await settled();
  expect(at.of(key)).toBe('vmGone');
});

test('an operator extends a hold and ends it, by the id of the job; the journal says who', async () => {
  const at = await daemon();
  const key = at.put(HELD);
  const jobId = FAILED + 1;
  await at.clock.pass(MINUTE);
  expect(at.orders.hold(jobId, 'ada', 60 * MINUTE)).toMatchObject({
    by: 'ada',
    until: HOLD.at + 61 * MINUTE,
  });
  expect(at.look.addresses(jobId)).toMatchObject({
    ssh: { ...VM.address, user: 'admin' },
    hold: { by: 'ada' },
  });
  at.orders.release(jobId, 'bob');
  expect(at.of(key)).toBe('released');
  expect(at.told).toEqual(['ada operator.held', 'bob operator.released']);
  expect(() => at.orders.release(jobId, 'bob')).toThrow(OrderRefused);
});

test('an order for a job that did not fail yet is noted, can be taken back, and is refused when it is too late', async () => {
  const at = await daemon();
  const key = at.queue(1);
  await settled();
  expect(at.orders.hold(1, 'ada', MINUTE)).toBeNull();
  expect(at.actors.snapshotOf(key)?.context.job.holdOrder).toMatchObject({ by: 'ada', lasts: MINUTE });
  expect(at.look.addresses(1)).toBeNull();
  at.orders.release(1, 'ada');
  expect(at.actors.snapshotOf(key)?.context.job.holdOrder).toBeNull();
  at.actors.send(key, { type: 'operator.cancelled', by: 'ada' });
  expect(() => at.orders.hold(1, 'ada', MINUTE)).toThrow('is being deleted');
  expect(() => at.orders.hold(77, 'ada', MINUTE)).toThrow('No job 77 is being served');
});
