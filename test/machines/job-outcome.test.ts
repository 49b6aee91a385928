import { describe, expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
import type { JobContext } from '../../machines/job/context.ts';
import { HANGS, JobRig, type Script } from './job-rig.ts';
import { START, VM } from './job-samples.ts';

const MINUTE = 60_000;
const TOOK = { ended: 'tookJob', failure: null } as const;
const VANISHED = { ended: 'vanished', failure: null } as const;
const DIED = { ended: 'exited', failure: failure('RUNNER_DIED', 'It ended while its job ran.') } as const;
const completed = (conclusion: string) => ({ type: 'job.completed', conclusion, here: true }) as const;
const IN_PROGRESS = { fails: 'JOB_OUTCOME_UNKNOWN' } as const;
const FAILED = { status: 'completed', conclusion: 'failure', here: true } as const;

/** The end of a job whose runner took it; `watches` are what the watch of the runner says after that. */
async function endOf(
  script: Script & { watches: NonNullable<Script['watchRunner']> },
  then: (rig: JobRig) => Promise<unknown> = async () => undefined,
): Promise<string> {
  const { watches, ...rest } = script;
  const rig = new JobRig({ script: { ...rest, watchRunner: [TOOK, ...watches] } });
  await rig.grantSlot();
  await then(rig);
  await rig.finish();
  const { outcome, blame, cause } = rig.snapshot.output ?? {};
  return [outcome, blame, cause?.code].filter(Boolean).join(' ');
}

const started = (rig: JobRig) => rig.send({ type: 'job.started' });

describe('a job that runs here', () => {
  test('is lost by the host when its VM is gone, also where nobody had told that it had started', async () => {
    expect(
      await endOf({ watches: [HANGS] }, async (rig) => {
        await started(rig);
        await rig.send({ type: 'vm.vanished' });
      }),
    ).toBe('lost host VM_VANISHED');
    // GitHub fails a job whose runner is gone only after minutes.
    const late = {
      watches: [VANISHED],
      recheckJob: [...Array.from({ length: 40 }, () => IN_PROGRESS), FAILED],
    };
    expect(await endOf(late)).toBe('lost host VM_VANISHED');
  });

  test('may have ended before its VM was gone, if GitHub says at once that it is over', async () => {
    expect(await endOf({ watches: [VANISHED], recheckJob: [FAILED] })).toBe('failed END_UNSEEN');
    const busy = { watches: [HANGS], deleteVm: [{ fails: 'HOST_UNREACHABLE' as const }] };
    const told = await endOf(busy, async (rig) => {
      await started(rig);
      await rig.send({ type: 'vm.vanished' });
      await rig.send(completed('failure'));
    });
    expect(told).toBe('failed END_UNSEEN');
  });

  test('is lost at the end of its lifetime when the agent powered the VM off then', async () => {
    const ends = await endOf({ watches: [HANGS] }, async (rig) => {
      await started(rig);
      const { expiresAt } = (rig.context as JobContext).vm ?? {};
      await rig.clock.passUntil(expiresAt ?? START);
      await rig.send({ type: 'vm.vanished' });
    });
    expect(ends).toBe('lost job LIFETIME_EXCEEDED');
  });

  test('is not lost at the end of its lifetime when it ended before, which a daemon that slept sees only then', async () => {
    const told = await endOf({ watches: [HANGS, HANGS] }, async (rig) => {
      await started(rig);
      await rig.send(completed('cancelled'));
      rig.clock.advance((VM.expiresAt ?? 0) - START + 10 * MINUTE);
    });
    expect(told).toBe('cancelled');
  });

  test('is not lost when it was over before its VM went, also where its guest said that a job runs', async () => {
    const told = await endOf(
      { watches: [HANGS, HANGS, VANISHED], askGuest: [{ answer: 'working' }] },
      async (rig) => {
        await rig.send(completed('cancelled'));
        rig.clock.advance((VM.expiresAt ?? 0) - START + 10 * MINUTE);
      },
    );
    expect(told).toBe('cancelled');
  });

  test('is lost by the host when its VM is gone at the first look after its lifetime, which a clock that was set may end early', async () => {
    const silent = Array.from({ length: 40 }, () => IN_PROGRESS);
    const expire = async (rig: JobRig) => {
      await started(rig);
      rig.clock.advance((VM.expiresAt ?? 0) - START + 10 * MINUTE);
    };
    const ends = await endOf(
      { watches: [HANGS], askGuest: [{ answer: 'vanished' }], recheckJob: [...silent, FAILED] },
      expire,
    );
    expect(ends).toBe('lost host VM_VANISHED');
    const unreachable = { watches: [HANGS], askGuest: [{ fails: 'HOST_UNREACHABLE' as const }] };
    const told = await endOf({ ...unreachable, recheckJob: [...silent, FAILED] }, async (rig) => {
      await expire(rig);
      await rig.send({ type: 'vm.vanished' });
    });
    expect(told).toBe('lost host VM_VANISHED');
  });

  test('is lost by the image when its runner ended under it, whether GitHub says so early, late or never', async () => {
    expect(await endOf({ watches: [DIED], recheckJob: [FAILED] })).toBe('lost image RUNNER_DIED');
    const early = await endOf({ watches: [HANGS, DIED] }, (rig) => rig.send(completed('failure')));
    expect(early).toBe('lost image RUNNER_DIED');
    const silent = Array.from({ length: 200 }, () => IN_PROGRESS);
    const never = await endOf({ watches: [DIED], recheckJob: silent }, async (rig) => {
      await started(rig);
      await rig.clock.pass(10 * MINUTE);
    });
    expect(never).toBe('lost image RUNNER_DIED');
  });

  test('is lost by the host when GitHub failed it while its runner worked on', async () => {
    const ended = { ended: 'exited', failure: null, result: 'Succeeded' } as const;
    const ends = await endOf({ watches: [HANGS, ended] }, (rig) => rig.send(completed('failure')));
    expect(ends).toBe('lost host RUNNER_LOST_CONTACT');
  });

  test('failed by itself when its runner says the same, and nobody can tell why while its guest is silent', async () => {
    const ended = { ended: 'exited', failure: null, result: 'Failed' } as const;
    expect(await endOf({ watches: [HANGS, ended] }, (rig) => rig.send(completed('failure')))).toBe(
      'failed job',
    );
    const unreachable = Array.from({ length: 300 }, () => ({ fails: 'GUEST_UNREACHABLE' as const }));
    const unseen = await endOf({ watches: unreachable, recheckJob: [FAILED] }, async (rig) => {
      await rig.send(completed('failure'));
      await rig.clock.pass(2 * MINUTE);
    });
    expect(unseen).toBe('failed GUEST_UNREACHABLE');
    const gone = (conclusion: string) =>
      endOf({ watches: [HANGS, VANISHED] }, (rig) => rig.send(completed(conclusion)));
    expect(await gone('failure')).toBe('failed END_UNSEEN');
    expect(await gone('cancelled')).toBe('cancelled');
  });

  test('succeeded when GitHub says so, whatever happened to VM and runner after that', async () => {
    for (const after of [VANISHED, DIED])
      expect(await endOf({ watches: [HANGS, after] }, (rig) => rig.send(completed('success')))).toBe(
        'succeeded',
      );
  });
});

test('a job that ran on another runner of ours is not lost with the VM that was made for it, and nobody is blamed', async () => {
  const elsewhere = { ...FAILED, here: false, takenBy: 'gh-default-202-1' } as const;
  const rig = new JobRig({ script: { watchRunner: [VANISHED], recheckJob: [elsewhere] } });
  await rig.grantSlot();
  await rig.finish();
  expect(rig.snapshot.output).toMatchObject({ outcome: 'failed', blame: null, cause: null });
});

test('how a job ended is unknown when its repository is gone after its runner was launched, and not before that', async () => {
  const gone = Array.from({ length: 40 }, () => ({ fails: 'REPOSITORY_GONE' as const }));
  const ended = { ended: 'exited', failure: null } as const;
  expect(await endOf({ watches: [ended], recheckJob: gone })).toBe('unknown REPOSITORY_GONE');
  const never = await endOf({ watches: [], obtainRunnerConfig: [{ fails: 'REPOSITORY_GONE' }] });
  expect(never).toBe('notOurs operator REPOSITORY_GONE');
});

test('a job that is heard of when its runner has died, and its VM is known as that of another job, is lost by that', async () => {
  const rig = new JobRig({
    script: { watchRunner: [DIED], recheckJob: [HANGS], deleteVm: [{ fails: 'HOST_UNREACHABLE' }] },
  });
  await rig.grantSlot();
  const other = { ...rig.context.job, id: 202, status: 'in_progress' } as const;
  // That of the VM runs elsewhere, and the one that ran here is told late.
  await rig.send({ type: 'job.exchanged', job: { ...other, id: 203 }, here: false });
  expect(rig.context.failure).toBe(null);
  await rig.send({ type: 'job.exchanged', job: other, here: true });
  await rig.send(completed('failure'));
  await rig.finish();
  expect(rig.snapshot.output).toMatchObject({
    outcome: 'lost',
    blame: 'image',
    cause: { code: 'RUNNER_DIED' },
  });
});

test('a job that was over when the VM of its runner was found to be gone may have ended before, also when it is heard of only then', async () => {
  const rig = new JobRig({ script: { confirmOnline: [HANGS], deleteVm: [{ fails: 'HOST_UNREACHABLE' }] } });
  await rig.grantSlot();
  const ran = { ...rig.context.job, id: 202, status: 'completed', conclusion: 'failure' } as const;
  await rig.send({ type: 'vm.vanished' });
  await rig.send({ type: 'job.exchanged', job: ran, here: true });
  await rig.finish();
  expect(rig.snapshot.output).toMatchObject({
    outcome: 'failed',
    blame: null,
    cause: { code: 'END_UNSEEN' },
  });
});

test('a job that comes to a VM by an exchange has one attempt more, and names its runner', async () => {
  const rig = new JobRig({ script: { watchRunner: [HANGS] } });
  await rig.grantSlot();
  const other = { ...rig.context.job, id: 202, attempt: 2, status: 'in_progress' } as const;
  await rig.send({ type: 'job.exchanged', job: other, here: true });
  expect(rig.context.job).toMatchObject({ id: 202, attempt: 3, takenBy: { runner: VM.name, isOurs: true } });
});
