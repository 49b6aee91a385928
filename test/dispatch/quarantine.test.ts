import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { statePath } from '../../machines/state-path.ts';
import { AgentClient } from '../../src/agent/agent-client.ts';
import type { HttpRequest } from '../../src/agent/agent-sender.ts';
import { type Core, createCore } from '../../src/controller/create-core.ts';
import { JournalWriter } from '../../src/journal/journal-writer.ts';
import type { Store } from '../../src/store/store.ts';
import { vmAnswer } from '../agent/scripted-agent.ts';
import { JOB, VM } from '../machines/job-samples.ts';
import { snapshotAt } from '../machines/job-step.ts';
import { DAY, observation } from '../store/records.ts';
import { deferred } from '../support/deferred.ts';
import { type EndingEffects, endlessEffects } from '../support/endless-effects.ts';
import { ManualClock, settled } from '../support/manual-clock.ts';
import { memoryStore } from '../support/memory-store.ts';

const SECOND = 1_000;
const LOOKS_EVERY = 10 * SECOND;
const log = pino({ level: 'silent' });

let clock: ManualClock;
let store: Store;
let core: Core;
/** The VMs that the agent lists, and the changes that were requested of it. */
let listed: object[];
let asked: string[];
let effects: EndingEffects;

beforeEach(async () => {
  clock = new ManualClock();
  listed = [];
  asked = [];
  effects = {};
  store = await memoryStore({ clock, log, retention: 30 * DAY });
  core = createCore({
    store,
    journal: new JournalWriter(store.journal),
    clock,
    log,
    policy: { ...DEFAULT_POLICY, namePrefix: 'gh-a' },
    effects: () =>
      endlessEffects({
        createVm: (input) => effects.createVm?.(input) ?? made(input),
      }),
    hosts: [{ name: 'mini', client: agent(), maxVms: 1 }],
    hostPolicy: { checkInterval: LOOKS_EVERY, lostAfter: DAY },
    profileFor: () => 'macos',
  });
  core.hosts.start();
  await settled();
});

afterEach(async () => {
  core.dispatcher.drain();
  core.stop();
  await store.close();
});

/** What the agent does for a create: from then on it lists the VM. */
function made({ vmName }: { vmName: string }) {
  const id = `VM-of-${vmName}`;
  listed.push(vmAnswer({ id, name: vmName }));
  return { vmId: id };
}

function agent(): AgentClient {
  const health = { status: 'healthy', version: '1', uptime: 1, vmsTotal: 0, vmsRunning: 0 };
  const send = async ({ method, url }: HttpRequest) => {
    const { pathname } = new URL(url);
    if (method !== 'GET') asked.push(`${method} ${pathname}`);
    const answers: Record<string, object> = {
      '/health': health,
      '/system/capabilities': { host: { maxConcurrentVMs: 2 }, features: [] },
      '/vms': { vms: listed, total: listed.length, limit: 1000, offset: 0 },
    };
    return { status: 200, bytes: Buffer.from(JSON.stringify(answers[pathname] ?? {})) };
  };
  const sender = { send, close: async () => undefined };
  return new AgentClient({ name: 'mini', baseUrl: 'http://mini.test', token: 't', clock, sender });
}

/** An effect with a result that makes the machine throw, so that the actor fails. */
const spoil = () => {
  effects = { createVm: () => ({ vmId: null as never }) };
};
const repair = () => {
  effects = {};
};

const states = () =>
  [...core.actors.all()].map(({ key, snapshot }) => `${key} ${statePath(snapshot.value).split('.')[0]}`);
const jobNow = () => [...core.actors.all()][0]?.snapshot.context;

/** A job whose actor fails as soon as its VM is made. */
async function quarantined() {
  spoil();
  core.dispatcher.observe(observation(1));
  await settled();
  await settled();
  repair();
  expect(store.quarantine.keys()).toEqual(['1']);
}

describe('when an actor fails', () => {
  test('its queued job waits in a new actor, with the failure, until a pause is over', async () => {
    await quarantined();
    expect(states()).toEqual(['1 queued']);
    expect(jobNow()?.job).toMatchObject({
      id: 1,
      attemptsFailed: 1,
      lastFailure: { code: 'UNEXPECTED', blame: 'us' },
      notBefore: clock.now() + DEFAULT_POLICY.attemptPause.first,
    });
  });

  test('the job is served under a name that was never used', async () => {
    await quarantined();
    await clock.pass(DEFAULT_POLICY.attemptPause.first + 2 * LOOKS_EVERY);
    expect(states()).toEqual(['1 starting']);
    expect(jobNow()?.vm?.name).toBe('gh-a-1-1001');
  });

  test('a job that makes every actor fail is tried after longer and longer pauses', async () => {
    await quarantined();
    spoil();
    await clock.pass(3_600 * SECOND);
    const tries = store.quarantine.keys().length;
    expect(tries).toBeGreaterThan(2);
    expect(tries).toBeLessThan(30);
  });

  test('its VM is not touched, and holds its slot even before it is listed', async () => {
    await quarantined();
    // The create goes on at the agent, and the VM is listed only after the next look.
    core.dispatcher.observe(observation(2));
    await clock.pass(LOOKS_EVERY / 2);
    expect(states()).toEqual(['1 queued', '2 queued']);
    listed = [vmAnswer({ id: 'VM-1', name: 'gh-a-1-1', state: 'running' })];
    await clock.pass(20 * LOOKS_EVERY);
    expect(states()).toEqual(['1 queued', '2 queued']);
    expect(asked).toEqual([]);
    listed = [];
    await clock.pass(2 * LOOKS_EVERY);
    expect(
      states()
        .map((state) => state.split(' ')[1])
        .sort(),
    ).toEqual(['queued', 'starting']);
  });

  test('its attempt no longer counts as the trial of a breaker, so the next attempt may be the trial', async () => {
    const { breakers } = core;
    const why = failure('VM_START_FAILED', 'It does not start.');
    breakers.tell({ about: 'host', name: 'mini' }, { type: 'attempt.failed', failure: why });
    await clock.pass(31 * SECOND);
    const room = () => breakers.room('host mini');
    expect(room()).toBe(1);
    await quarantined();
    expect(room()).toBe(1);
  });

  test('its other effects are stopped', async () => {
    const create = deferred<{ vmId: string }>();
    effects = { createVm: () => create.promise as never };
    core.dispatcher.observe(observation(1));
    await settled();
    const children = Object.values([...core.actors.all()][0]?.snapshot.children ?? {});
    expect(children.length).toBeGreaterThan(1);
    create.resolve({ vmId: null as never });
    await settled();
    expect(store.quarantine.keys()).toEqual(['1']);
    expect(children.map((child) => child?.getSnapshot().status)).not.toContain('active');
  });

  test.each(['in_progress', 'completed'] as const)(
    'a job that is %s is not started again',
    async (status) => {
      const at = snapshotAt('running.busy.watching', {
        job: { ...JOB, status },
        vm: { ...VM, host: 'mini' },
      });
      core.dispatcher.jobGone('1', at);
      await settled();
      expect(states()).toEqual([]);
    },
  );
});
