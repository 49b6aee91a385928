import { describe, expect, test } from 'vitest';
import { NO_JOB } from '../../machines/job/context.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { HANGS, JobRig, type Script } from './job-rig.ts';
import { because, JOB, START, VM } from './job-samples.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe('law 12: after its runner was launched', () => {
  const QUEUED = { status: 'queued', conclusion: null, here: false } as const;
  const RUNS = { status: 'in_progress', conclusion: null, here: false } as const;
  const STUCK = { deleteVm: [HANGS], removeRunner: [HANGS] } satisfies Script;
  const SILENT = Array.from({ length: 1000 }, () => ({ fails: 'GUEST_UNREACHABLE' as const }));
  const EXITED = { ended: 'exited', failure: because('RUNNER_EXITED') } as const;

  async function idle(script: Script): Promise<JobRig> {
    const rig = new JobRig({ script: { watchRunner: [HANGS], ...script } });
    await rig.grantSlot();
    return rig;
  }

  test('a job whose runner ended is released when GitHub, asked after that, has it queued', async () => {
    const rig = await idle({ ...STUCK, watchRunner: [EXITED], recheckJob: [QUEUED] });
    expect(rig.released).toMatchObject([{ attemptsFailed: 1, lastFailure: { code: 'RUNNER_EXITED' } }]);
    expect(rig.at).toBe('tearingDown vm.acting runner.acting job.gone');
    const order = rig.calls.map(({ effect }) => effect);
    expect(order.indexOf('recheckJob')).toBeGreaterThan(order.indexOf('watchRunner'));
  });

  test('a job whose VM vanished is released when GitHub has it queued, and not before', async () => {
    const rig = await idle({ ...STUCK, recheckJob: [{ fails: 'GITHUB_UNREACHABLE' }, QUEUED] });
    await rig.send({ type: 'vm.vanished' });
    expect([rig.at, rig.released]).toEqual(['tearingDown vm.acting runner.acting job.waiting', []]);
    await rig.clock.pass(SECOND);
    expect(rig.released).toMatchObject([{ attemptsFailed: 1, lastFailure: { code: 'VM_VANISHED' } }]);
  });

  test('GitHub is asked for the job until it responds, after pauses that double up to a minute', async () => {
    const fails = Array.from({ length: 12 }, () => ({ fails: 'GITHUB_UNREACHABLE' as const }));
    const rig = await idle({ recheckJob: fails });
    await rig.send({ type: 'vm.vanished' });
    expect(await rig.finish()).toBe('done');
    const calls = rig.callsOf('recheckJob').map(({ at }) => at - START);
    const pauses = calls.slice(1).map((at, i) => (at - (calls[i] ?? 0)) / SECOND);
    expect(pauses).toEqual([0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]);
    // VM and runner did not wait for that.
    expect([...rig.callsOf('deleteVm'), ...rig.callsOf('removeRunner')].map(({ at }) => at)).toEqual([
      START,
      START,
    ]);
  });

  test('a job that GitHub has in progress or completed after its VM vanished is not released', async () => {
    for (const answer of [RUNS, { ...RUNS, status: 'completed', conclusion: 'failure' } as const]) {
      const rig = await idle({ recheckJob: [answer] });
      await rig.send({ type: 'vm.vanished' });
      expect(await rig.finish()).toBe('done');
      expect([rig.released, rig.context.failure]).toEqual([[], null]);
    }
  });

  test('a job whose runner is retired is released when the guest has no job and the runner was removed', async () => {
    const rig = await idle(STUCK);
    await rig.clock.pass(DEFAULT_POLICY.timeouts.idle);
    expect(rig.released).toMatchObject([
      {
        attempt: 1,
        attemptsFailed: 0,
        runnersUnused: 1,
        lastFailure: { code: 'RUNNER_UNUSED' },
        notBefore: rig.clock.now() + 30 * SECOND,
      },
    ]);
    const order = rig.calls.map(({ effect }) => effect);
    expect(order.slice(order.indexOf('askGuest'))).toEqual(['askGuest', 'deregisterRunner', 'askGitHub']);
    // The protocol of law 5 still takes its whole time.
    expect(rig.at).toBe('running.retiring.settling');
    await rig.clock.pass(DEFAULT_POLICY.timeouts.retireWindow);
    expect(rig.at).toBe('tearingDown vm.acting runner.acting job.gone');
    expect(rig.counts).toMatchObject({ askGuest: 2 });
  });

  test('a job is not released while GitHub refuses to remove its runner because that has a job', async () => {
    const busy = Array.from({ length: 1000 }, () => ({ answer: 'busy' as const }));
    const rig = await idle({ deregisterRunner: busy });
    await rig.send({ type: 'host.drained' });
    await rig.clock.pass(HOUR);
    expect(rig.released).toEqual([]);
    expect(rig.counts.deleteVm).toBeUndefined();
    expect(rig.context.phase.lastFailure?.code).toBe('RUNNER_BUSY');
    // After each refusal the guest is asked before the next removal.
    expect(Math.abs((rig.counts.askGuest ?? 0) - (rig.counts.deregisterRunner ?? 0))).toBeLessThanOrEqual(1);
  });

  test('a job whose guest is silent is released when its runner is offline, and its VM is kept', async () => {
    const offline = { ...QUEUED, runner: 'offline' } as const;
    const rig = await idle({ askGuest: SILENT, askGitHub: [offline, ...Array(1000).fill(offline)] });
    await rig.send({ type: 'host.lost' });
    await rig.clock.pass(2 * MINUTE);
    expect(rig.released).toMatchObject([{ attemptsFailed: 0, lastFailure: { code: 'HOST_LOST' } }]);
    await rig.clock.pass(HOUR);
    expect(rig.released).toHaveLength(1);
    expect([rig.snapshot.hasTag('mayBeBusy'), rig.snapshot.hasTag('holdsSlot')]).toEqual([true, true]);
    expect(rig.context.vm).toMatchObject({ name: VM.name, madeFor: { jobId: JOB.id, attempt: 1 } });
  });

  test('a job whose guest is silent is not released while GitHub has its runner online', async () => {
    const online = { ...QUEUED, runner: 'online' } as const;
    const rig = await idle({ askGuest: SILENT, askGitHub: Array(1000).fill(online) });
    await rig.send({ type: 'host.lost' });
    await rig.clock.pass(HOUR);
    expect(rig.released).toEqual([]);
    expect(rig.counts.askGitHub).toBeGreaterThan(3);
  });

  test('a job is released while its guest works for another one, when GitHub has had it queued for a minute', async () => {
    const rig = await idle({ watchRunner: [{ ended: 'tookJob', failure: null }, HANGS, HANGS] });
    await rig.send({ type: 'job.stillQueued' });
    await rig.clock.pass(MINUTE - 1);
    await rig.send({ type: 'job.stillQueued' });
    expect(rig.released).toEqual([]);
    await rig.clock.pass(1);
    await rig.send({ type: 'job.stillQueued' });
    expect(rig.released).toMatchObject([
      { attemptsFailed: 0, lastFailure: null, notBefore: rig.clock.now() },
    ]);
    // Law 5: the other job is not disturbed.
    expect([rig.at, rig.context.job.id]).toEqual(['running.busy.watching', NO_JOB]);
  });

  test('a job that was seen in progress is never released, whatever comes after that', async () => {
    const rig = await idle({ ...STUCK, watchRunner: [HANGS, HANGS, HANGS], askGuest: SILENT });
    await rig.send({ type: 'job.started' }, { type: 'job.stillQueued' });
    await rig.clock.pass(2 * MINUTE);
    await rig.send({ type: 'job.stillQueued' }, { type: 'host.lost' }, { type: 'vm.vanished' });
    expect(rig.at).toBe('tearingDown vm.acting runner.acting job.gone');
    expect([rig.released, rig.counts.recheckJob]).toEqual([[], undefined]);
    expect(rig.context.job.id).toBe(JOB.id);
  });

  test('the release of a job changes no other part of its teardown', async () => {
    const rig = await idle({ recheckJob: [HANGS], removeRunner: [{ fails: 'GITHUB_ERROR' }] });
    await rig.send({ type: 'vm.vanished' });
    expect(rig.at).toBe('tearingDown vm.gone runner.waiting job.acting');
    await rig.send({ type: 'job.released' });
    expect(rig.at).toBe('tearingDown vm.gone runner.waiting job.gone');
    expect(rig.counts).toMatchObject({ deleteVm: 1, removeRunner: 1 });
  });

  test('a VM whose job was released takes the job that its runner got after all', async () => {
    const rig = await idle({
      askGuest: [{ answer: 'notWorking' }, { answer: 'working' }],
      watchRunner: [HANGS, HANGS],
    });
    await rig.send({ type: 'host.drained' });
    await rig.clock.pass(DEFAULT_POLICY.timeouts.retireWindow);
    expect([rig.at, rig.context.job.id]).toEqual(['running.busy.watching', NO_JOB]);
    const [job = JOB] = rig.released;
    await rig.send({ type: 'job.exchanged', job: { ...job, status: 'in_progress' }, here: true });
    expect(rig.context.job.id).toBe(JOB.id);
    expect(await rig.finish()).toBe('done');
    expect(rig.snapshot.output).toEqual({ outcome: 'succeeded', blame: null, cause: null, attempts: 2 });
  });
});
