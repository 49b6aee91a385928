import { describe, expect, test, vi } from 'vitest';
import { addForeignVm, removeForeignVm } from '../../src/simulator/agent/control.ts';
import type { Vm } from '../../src/simulator/agent/vms/vm.ts';
import { cancelRun } from '../../src/simulator/github/jobs/runs.ts';
import type { EffectFixtureOptions } from '../effects/effect-fixture.ts';
import type { ShiftedClock } from '../effects/shifted-clock.ts';
import { soon } from '../support/soon.ts';
import { dispatchFixture } from './dispatch-fixture.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Guests whose address is never found: their jobs stay in sshReady and hold their slots. */
async function dispatching(options: EffectFixtureOptions = {}) {
  const at = await dispatchFixture(options);
  for (const mac of at.macs) mac.faults.add({ route: 'guest boot *', body: { natMs: 'never' } });
  const queue = async (queuedAt?: number) => {
    const { jobId, run, name } = at.queueJob();
    await at.see(jobId, queuedAt === undefined ? {} : { queuedAt });
    return { jobId, run, name };
  };
  return {
    ...at,
    queue,
    /** A job whose VM boots. */
    booting: async () => {
      const job = await queue();
      await soon(() => expect(at.stateOf(job.jobId)).toMatch(/^sshReady/));
      return job;
    },
    vmNamed: (name: string): Vm => {
      const vm = [...at.mac.world.vms.values()].find((one) => one.name === name);
      if (!vm) throw new Error(`there is no VM ${name}`);
      return vm;
    },
  };
}

describe('slots', () => {
  test('are given to nobody while jobs are restored, since those that are missing have VMs', async () => {
    const at = await dispatching();
    const { jobId } = await at.queue();
    let restored: () => void = () => undefined;
    const restoring = at.dispatcher.restoring(() => new Promise((resolve) => (restored = resolve)));
    await at.begin();
    at.dispatcher.requestScheduling();
    await Promise.resolve();
    expect([at.stateOf(jobId), at.dispatcher.couldBegin()]).toEqual(['queued', []]);
    restored();
    await restoring;
    await soon(() => expect(at.stateOf(jobId)).toMatch(/^sshReady/));
  });

  test('go to the job that was queued first, and a stranger’s VM takes one even while it is paused', async () => {
    const at = await dispatching();
    const stranger = addForeignVm(at.mac.world, { name: 'somebody', state: 'paused' });
    const late = await at.queue(2_000);
    const early = await at.queue(1_000);
    await at.begin();
    await soon(() => expect(at.stateOf(early.jobId)).toMatch(/^sshReady/));
    expect(at.stateOf(late.jobId)).toBe('queued');
    await removeForeignVm(at.mac.world, stranger);
    at.hosts.look(at.host);
    await soon(() => expect(at.stateOf(late.jobId)).toMatch(/^sshReady/));
  });

  test('are claimed before the VM is listed, so that a look in between does not grant one twice', async () => {
    const at = await dispatching();
    at.mac.faults.add({ route: 'mac create *', delayMs: 800 });
    const jobs = [await at.queue(1), await at.queue(2), await at.queue(3)];
    await at.begin();
    await soon(() => expect(at.states().filter((one) => one.includes('creating'))).toHaveLength(2));
    expect(at.vms()).toEqual([]);
    const looks = at.counted('GET /health');
    for (const look of [1, 2, 3]) {
      at.hosts.look(at.host);
      await soon(() => expect(looks.hits).toBeGreaterThanOrEqual(look));
    }
    expect(at.stateOf(jobs[2]?.jobId ?? 0)).toBe('queued');
    await soon(() => expect(at.vms()).toHaveLength(2));
    expect(at.mac.world.vmsCreated).toBe(2);
  });

  test('of all hosts are used, evenly', async () => {
    const at = await dispatching({ macs: 2 });
    await at.begin();
    const jobs = [];
    for (let n = 1; n <= 5; n += 1) jobs.push(await at.queue(n));
    await soon(() => expect(at.states().filter((one) => one.includes('sshReady'))).toHaveLength(4));
    const hostsOf = jobs.map(({ jobId }) => at.contextOf(jobId)?.vm?.host ?? null);
    expect(hostsOf).toEqual(['mac-1', 'mac-2', 'mac-1', 'mac-2', null]);
    expect(at.macs.map(({ world }) => world.vms.size)).toEqual([2, 2]);
  });

  test('are free for the next job as soon as a VM is gone, not an interval later', async () => {
    const at = await dispatching({ mac: { slots: 1 } });
    await at.begin();
    const first = await at.booting();
    const second = await at.queue();
    expect(at.stateOf(second.jobId)).toBe('queued');
    cancelRun(at.github.world, first.run);
    await at.see(first.jobId);
    await soon(() => expect(at.stateOf(second.jobId)).toMatch(/^sshReady/));
    expect(at.store.settled.has(first.jobId)).toBe(true);
  });

  test('are free for the next attempt of the same job too, whose VM has a new name', async () => {
    const at = await dispatching({ mac: { slots: 1 } });
    await at.begin();
    const { jobId, name } = await at.booting();
    at.hosts.look(at.host);
    await soon(() =>
      expect([...at.hosts.all()][0]?.snapshot.context.look?.vms).toMatchObject([{ name, state: 'running' }]),
    );
    at.mac.faults.add({ route: 'GET /vms/:id/ssh', status: 404, code: 'NOT_FOUND', times: 1 });
    await soon(() => expect(at.stateOf(jobId)).toBe('queued'));
    at.clock.advance(60_000);
    at.dispatcher.requestScheduling();
    await soon(() => expect(at.stateOf(jobId)).toMatch(/^sshReady/));
    expect(at.vms()).toEqual([`${name.replace(/1$/, '101')} running`]);
  });

  test('are not granted while the daemon drains', async () => {
    const at = await dispatching();
    await at.begin();
    at.dispatcher.drain();
    const { jobId } = await at.queue();
    at.hosts.look(at.host);
    await new Promise((resolve) => setImmediate(resolve));
    expect(at.stateOf(jobId)).toBe('queued');
  });
});

describe('a VM that is missing in a look', () => {
  /** The effect that runs gets no response, so that only the looks can show what happened. */
  const deaf = async (options: EffectFixtureOptions = {}) => {
    const at = await dispatching(options);
    at.mac.faults.add({ route: 'GET /vms/:id/ssh', hang: true });
    await at.begin();
    return { ...at, job: await at.booting() };
  };

  test('is looked for again at once, and changes nothing when it is found', async () => {
    const at = await deaf();
    const missed = at.mac.faults.add({
      route: 'GET /vms',
      status: 200,
      body: { vms: [], total: 0, limit: 1000, offset: 0 },
      times: 1,
    });
    const looks = at.counted('GET /vms');
    at.hosts.look(at.host);
    await soon(() => expect([missed.hits, looks.hits]).toEqual([1, 1]));
    await soon(() => {
      const [host] = [...at.hosts.all()];
      expect(host?.snapshot.context.look?.vms).toHaveLength(1);
    });
    expect(at.stateOf(at.job.jobId)).toMatch(/^sshReady/);
    expect(looks.hits).toBe(1);
  });

  test('is looked for again at once, and its job is queued again when the VM is gone', async () => {
    const at = await deaf();
    await removeForeignVm(at.mac.world, at.vmNamed(at.job.name));
    at.hosts.look(at.host);
    await soon(() => expect(at.contextOf(at.job.jobId)?.failure?.code).toBe('VM_VANISHED'));
    await soon(() => expect(at.stateOf(at.job.jobId)).toBe('queued'));
  });

  test('after a restart of its agent is logged in one line that names the restart', async () => {
    const at = await deaf();
    (at.mac.world.clock as ShiftedClock).advance(3_600_000);
    at.hosts.look(at.host);
    await soon(() => expect([...at.hosts.all()][0]?.snapshot.context.look?.uptime).toBeGreaterThan(3_000));
    await at.mac.restart('crash', 0);
    at.hosts.look(at.host);
    await soon(() => expect(at.contextOf(at.job.jobId)?.failure?.code).toBe('VM_VANISHED'));
    const told = at.warnings().filter((line) => line.includes('restarted'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(
      /^host mac-1: its agent was restarted \d+ m?s ago, which ended every VM of this daemon/,
    );
  });
});

describe('a host that stays unreachable', () => {
  test('loses its jobs to another host, and its VM is deleted when it is back', async () => {
    const at = await dispatching({ macs: 2 });
    at.macs[1]?.faults.add({ route: '*', drop: 'before' });
    at.hosts.start();
    const job = await at.booting();
    expect(at.contextOf(job.jobId)?.vm?.host).toBe('mac-1');

    at.macs[1]?.faults.clear();
    at.mac.faults.add({ route: '*', drop: 'before' });
    at.hosts.look('mac-2');
    at.hosts.look('mac-1');
    await soon(() => expect(at.warnings().join('\n')).toContain('host mac-1: healthy → unreachable'));
    expect(at.contextOf(job.jobId)?.vm?.host).toBe('mac-1');
    at.clock.advance(at.config.timeouts.host_lost);
    at.hosts.look('mac-1');
    await soon(() => expect(at.contextOf(job.jobId)?.vm?.host).toBe('mac-2'));
    expect(at.vms()).toEqual([`${job.name} running`]);
    expect(at.states().some((one) => one.includes('mac-1 tearingDown'))).toBe(true);

    expect(at.contextOf(job.jobId)).toMatchObject({
      job: { attempt: 2, attemptsFailed: 0, lastFailure: { code: 'HOST_LOST' } },
      vm: { name: job.name.replace(/1$/, '101'), madeFor: { jobId: job.jobId, attempt: 2 } },
    });

    at.mac.faults.clear();
    at.clock.advance(120_000);
    await soon(() => expect(at.vms()).toEqual([]));
    await soon(() => expect(at.states().filter((one) => one.includes('mac-1'))).toEqual([]));
  });
});

test('a look that is requested during another one is done after it, since that one may have read the list already', async () => {
  const at = await dispatchFixture();
  await at.begin();
  const slow = at.mac.faults.add({ route: 'GET /vms', delayMs: 200, times: 1 });
  const next = at.counted('GET /vms');
  at.hosts.look(at.host);
  await soon(() => expect(slow.hits).toBe(1));
  at.hosts.look(at.host);
  at.hosts.look(at.host);
  await soon(() => expect(next.hits).toBe(1));
});
