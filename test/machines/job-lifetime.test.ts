import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { readSnapshot } from '../../src/jobs/records/read-snapshot.ts';
import { HANGS, JobRig, type Script } from './job-rig.ts';
import { START } from './job-samples.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const times = <T>(reply: T): T[] => Array.from({ length: 1000 }, () => ({ ...reply }));
const SILENT = times({ fails: 'GUEST_UNREACHABLE' as const });

const answers = (runner: 'online' | 'offline') =>
  times({ status: 'in_progress', conclusion: null, here: false, runner } as const);

async function started(script: Script): Promise<JobRig> {
  const rig = new JobRig({ script });
  await rig.grantSlot();
  return rig;
}

describe('law 13: a VM past its lifetime and its margin', () => {
  const EXPIRED = START + 6 * 60 * MINUTE + DEFAULT_POLICY.timeouts.expiryMargin;
  const TOOK = { ended: 'tookJob', failure: null } as const;

  test('is kept while its guest says that a job runs in it', async () => {
    const script: Script = { watchRunner: [TOOK, HANGS, HANGS], askGuest: [{ answer: 'working' }] };
    const rig = await started(script);
    await rig.clock.passUntil(EXPIRED);
    expect(rig.at).toBe('running.busy.watching');
    expect(rig.context.failure).toBeNull();
  });

  test('leaves a record that can be restored', async () => {
    const script: Script = { watchRunner: [TOOK, HANGS, HANGS], askGuest: [{ answer: 'working' }] };
    const rig = await started(script);
    await rig.clock.passUntil(EXPIRED);
    expect(readSnapshot(rig.machine, rig.stored())).not.toHaveProperty('why');
  });

  test('is removed when its guest says that no job runs in it', async () => {
    const rig = await started({ watchRunner: [TOOK, HANGS] });
    await rig.clock.passUntil(EXPIRED);
    expect(rig.at).toBe('running.retiring.settling');
    expect(await rig.finish()).toBe('done');
  });

  test('is kept while its guest is silent and GitHub sees its runner', async () => {
    const rig = await started({ watchRunner: [TOOK, HANGS], askGuest: SILENT, askGitHub: answers('online') });
    await rig.clock.passUntil(EXPIRED + 24 * 60 * MINUTE);
    expect(rig.counts.deleteVm).toBeUndefined();
    expect(rig.snapshot.hasTag('mayBeBusy')).toBe(true);
  });

  test('is removed when its guest is silent and its runner offline', async () => {
    const rig = await started({
      watchRunner: [TOOK, HANGS],
      askGuest: SILENT,
      askGitHub: answers('offline'),
    });
    await rig.clock.passUntil(EXPIRED + 2 * MINUTE);
    expect(rig.at).toBe('done');
    expect(rig.counts).toMatchObject({ askGitHub: 1, deleteVm: 1 });
  });
});

test('a VM without a lifetime is kept, however long its guest is silent', async () => {
  const rig = await started({
    startVm: [{ expiresAt: null }],
    watchRunner: [HANGS],
    askGuest: SILENT,
    askGitHub: answers('offline'),
  });
  await rig.clock.passUntil(START + 48 * 60 * MINUTE);
  expect(rig.counts.deleteVm).toBeUndefined();
});

test('for a silent guest GitHub is asked after a minute, and then after longer and longer pauses', async () => {
  const online = { status: 'queued', conclusion: null, here: false, runner: 'online' } as const;
  const rig = await started({ watchRunner: [HANGS], askGuest: SILENT, askGitHub: times(online) });
  await rig.send({ type: 'host.lost' });
  await rig.clock.passUntil(START + 30 * MINUTE);
  const asked = rig.callsOf('askGitHub');
  expect((asked[0]?.at ?? 0) - START).toBeLessThan(MINUTE + 2 * SECOND);
  const waited = asked
    .slice(1)
    .map(({ at }, i) => at - (asked[i]?.at ?? 0))
    .map((pause) => Math.floor(pause / SECOND));
  expect(waited).toEqual([30, 30, 61, 122, 245, 300, 300, 300, 300]);
});
