import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { HANGS, JobRig, type Script } from './job-rig.ts';

const { finishing } = DEFAULT_POLICY.timeouts;
const IN_PROGRESS = { fails: 'JOB_OUTCOME_UNKNOWN' } as const;
const ENDED = { type: 'job.completed', conclusion: 'success', here: true } as const;

/** A job that a delivery calls completed while its runner goes on, at the end of its grace. */
async function graceIsOver(script: Script): Promise<JobRig> {
  const watchRunner: Script['watchRunner'] = [
    { ended: 'tookJob', failure: null },
    ...Array.from({ length: 6 }, () => HANGS),
  ];
  const rig = new JobRig({ script: { watchRunner, ...script } });
  await rig.grantSlot();
  expect(rig.at).toBe('running.busy.watching');
  await rig.send(ENDED);
  expect(rig.at).toBe('running.finishing.watching');
  expect(rig.callsOf('recheckJob')).toEqual([]);
  await rig.clock.pass(finishing);
  return rig;
}

test('a job that a delivery calls completed while its runner goes on stays busy when GitHub has it in progress', async () => {
  const rig = await graceIsOver({ recheckJob: [IN_PROGRESS] });
  expect(rig.at).toBe('running.busy.watching');
  expect(rig.callsOf('recheckJob')).toHaveLength(1);
  expect(rig.callsOf('deleteVm')).toEqual([]);
});

test('each further completion makes the actor ask GitHub once more', async () => {
  const rig = await graceIsOver({ recheckJob: [IN_PROGRESS, IN_PROGRESS] });
  await rig.send(ENDED);
  expect(rig.at).toBe('running.finishing.watching');
  await rig.clock.pass(finishing);
  expect(rig.at).toBe('running.busy.watching');
  expect(rig.callsOf('recheckJob')).toHaveLength(2);
});

test('a further completion while GitHub is being asked changes nothing', async () => {
  const rig = await graceIsOver({ recheckJob: [HANGS] });
  await rig.send(ENDED);
  expect(rig.at).toBe('running.verifying.acting');
  expect(rig.callsOf('deleteVm')).toEqual([]);
});

test('the VM is torn down when GitHub has the job completed too', async () => {
  const rig = await graceIsOver({});
  expect(rig.path).toContain('running.verifying.acting');
  expect(rig.callsOf('recheckJob')).toHaveLength(1);
  expect(rig.callsOf('deleteVm')).toHaveLength(1);
  expect(await rig.finish()).toBe('done');
});

test('the VM is torn down after a second grace when GitHub cannot be reached', async () => {
  const unreachable = { fails: 'GITHUB_UNREACHABLE' } as const;
  const rig = await graceIsOver({ recheckJob: Array.from({ length: 1000 }, () => unreachable) });
  expect(rig.at).toBe('running.verifying.waiting');
  await rig.clock.pass(finishing);
  expect(rig.callsOf('deleteVm')).toHaveLength(1);
  expect(await rig.finish()).toBe('done');
});
