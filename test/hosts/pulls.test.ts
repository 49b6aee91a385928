import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { failureOf } from '../../machines/failure.ts';
import type { AgentClient } from '../../src/agent/agent-client.ts';
import type { PullOperation } from '../../src/agent/agent-responses.ts';
import { DaemonError } from '../../src/errors.ts';
import { Pulls } from '../../src/hosts/pulls.ts';
import { ManualClock, settled } from '../support/manual-clock.ts';

const TAG = 'ghcr.io/acme/mac:latest';
const DIGEST = `ghcr.io/acme/mac@sha256:${'a'.repeat(64)}`;

/** Pulls over agents that report a pull as the test says. */
function pulling() {
  const clock = new ManualClock();
  const begun: string[] = [];
  const ended: string[] = [];
  const logged: string[] = [];
  const counts = { changes: 0 };
  let told: Partial<PullOperation> = { status: 'running' };
  let refusal: DaemonError | null = null;
  const operation = async (): Promise<PullOperation> => {
    if (refusal) throw refusal;
    return {
      operationId: 'p',
      reference: TAG,
      status: 'running',
      progress: null,
      bytesCompleted: 0,
      bytesTotal: null,
      startedAt: 0,
      digest: null,
      errorCode: null,
      error: null,
      ...told,
    };
  };
  const pulls = new Pulls({
    agent: (host) =>
      ({
        pullImage: (image: string, { timeoutSeconds }: { timeoutSeconds: number }) => {
          begun.push(`${image} on ${host} within ${timeoutSeconds} s`);
          return operation();
        },
        pullOperation: operation,
      }) as Pick<AgentClient, 'pullImage' | 'pullOperation'> as AgentClient,
    clock,
    log: pino({ level: 'warn' }, { write: (line: string) => logged.push(JSON.parse(line).msg) }),
    timeout: 3_600_000,
    onChange: () => {
      counts.changes += 1;
    },
    onEnd: (image, error) => ended.push(`${image} ${error === null ? 'ready' : failureOf(error).code}`),
  });
  return {
    clock,
    pulls,
    begun,
    ended,
    logged,
    counts,
    /** What agents report of pulls from now on. */
    say: (more: Partial<PullOperation>) => {
      told = more;
    },
    refuse: (error: DaemonError | null) => {
      refusal = error;
    },
    /** The state of a wait for a pull. */
    outcome: (wait: Promise<void>) => {
      const seen = { is: 'waits' };
      wait.then(
        () => {
          seen.is = 'ready';
        },
        (error: unknown) => {
          seen.is = failureOf(error).code;
        },
      );
      return seen;
    },
    /** The host has the image. */
    ready: async (host: string, image: string) => {
      told = { status: 'completed' };
      await pulls.ensure(host, image);
      told = { status: 'running' };
      begun.splice(0);
      ended.splice(0);
    },
  };
}

let at: ReturnType<typeof pulling>;
beforeEach(() => {
  at = pulling();
});

describe('a pull', () => {
  test('is started once for each host and image, however many wait for it', async () => {
    const waits = [at.pulls.ensure('m1', TAG), at.pulls.ensure('m1', TAG)].map(at.outcome);
    await at.clock.pass(60_000);
    waits.push(at.outcome(at.pulls.ensure('m1', TAG)));
    expect([at.begun, at.pulls.stateOf('m1', TAG)]).toEqual([[`${TAG} on m1 within 3600 s`], 'pulling']);
    at.say({ status: 'completed' });
    await at.clock.pass(2_000);
    expect(waits.map(({ is }) => is)).toEqual(['ready', 'ready', 'ready']);
    expect([at.ended, at.pulls.stateOf('m1', TAG)]).toEqual([[`${TAG} ready`], 'ready']);
  });

  test('is separate for each host and for each image', async () => {
    for (const [host, image] of [
      ['m1', TAG],
      ['m2', TAG],
      ['m1', DIGEST],
    ] as const)
      at.outcome(at.pulls.ensure(host, image));
    await settled();
    expect(at.begun).toHaveLength(3);
    expect([at.pulls.stateOf('m2', DIGEST), at.pulls.view('m3')]).toEqual(['missing', []]);
  });

  test('that is quick shows no progress', async () => {
    at.outcome(at.pulls.ensure('m1', TAG));
    at.say({ status: 'running', progress: 0.4 });
    await at.clock.pass(4_000);
    expect(at.pulls.view('m1')).toEqual([
      {
        image: TAG,
        state: 'pulling',
        digest: null,
        progress: `pulling ${TAG}`,
        since: at.clock.now() - 4_000,
      },
    ]);
    expect(at.counts.changes).toBe(1);
    at.say({ status: 'completed' });
    await at.clock.pass(1_000);
    expect(at.pulls.view('m1')).toMatchObject([{ state: 'ready', progress: null }]);
    expect(at.counts.changes).toBe(2);
  });

  test('that takes longer than 5 s shows its progress and its beginning', async () => {
    const began = at.clock.now();
    at.outcome(at.pulls.ensure('m1', TAG));
    at.say({ status: 'running', progress: 0.42 });
    await at.clock.pass(10_000);
    expect(at.pulls.view('m1')).toEqual([
      { image: TAG, state: 'pulling', digest: null, progress: `pulling ${TAG} 42 %`, since: began },
    ]);
  });
});

describe('a pull that fails', () => {
  const refused = new DaemonError('IMAGE_PULL_FAILED', 'The registry says no.');

  test('rejects every wait, and is logged once', async () => {
    const waits = [at.pulls.ensure('m1', TAG), at.pulls.ensure('m1', TAG)].map(at.outcome);
    at.refuse(refused);
    await at.clock.pass(1_000);
    expect(waits.map(({ is }) => is)).toEqual(['IMAGE_PULL_FAILED', 'IMAGE_PULL_FAILED']);
    expect(at.ended).toEqual([`${TAG} IMAGE_PULL_FAILED`]);
    expect(at.logged).toEqual([`m1 cannot pull ${TAG}: The registry says no.`]);
    expect(at.pulls.view('m1')).toMatchObject([{ state: 'missing', progress: null }]);
  });

  test('is started again by the next wait for the image', async () => {
    at.refuse(refused);
    at.outcome(at.pulls.ensure('m1', TAG));
    await settled();
    at.refuse(null);
    at.say({ status: 'completed' });
    const again = at.outcome(at.pulls.ensure('m1', TAG));
    await settled();
    expect([again.is, at.begun.length, at.ended]).toEqual([
      'ready',
      2,
      [`${TAG} IMAGE_PULL_FAILED`, `${TAG} ready`],
    ]);
  });

  test.each([
    ['the agent gave it up', { status: 'cancelled' } as const],
    ['the agent says that it failed', { status: 'failed', errorCode: 'PULL_FAILED', error: 'no' } as const],
  ])('says so when %s', async (_how, operation) => {
    at.say(operation);
    const wait = at.outcome(at.pulls.ensure('m1', TAG));
    await settled();
    expect([wait.is, at.pulls.stateOf('m1', TAG)]).toEqual([
      expect.stringMatching(/^(IMAGE_PULL_FAILED|HOST_BUSY)$/),
      'missing',
    ]);
  });
});

describe('an image that a host has', () => {
  test('by its digest is never pulled again', async () => {
    await at.ready('m1', DIGEST);
    await at.clock.pass(30 * 24 * 3_600_000);
    const wait = at.outcome(at.pulls.ensure('m1', DIGEST));
    await settled();
    expect([wait.is, at.begun, at.pulls.stateOf('m1', DIGEST)]).toEqual(['ready', [], 'ready']);
  });

  test('by a tag is pulled again after a minute, since a tag may move', async () => {
    await at.ready('m1', TAG);
    await at.clock.pass(59_999);
    const early = at.outcome(at.pulls.ensure('m1', TAG));
    await settled();
    expect([early.is, at.begun]).toEqual(['ready', []]);
    await at.clock.pass(1);
    const late = at.outcome(at.pulls.ensure('m1', TAG));
    await settled();
    expect([late.is, at.begun]).toEqual(['waits', [`${TAG} on m1 within 3600 s`]]);
  });

  test('does not become missing while a quick pull checks whether its tag moved', async () => {
    await at.ready('m1', TAG);
    await at.clock.pass(60_000);
    at.outcome(at.pulls.ensure('m1', TAG));
    const { changes } = at.counts;
    await at.clock.pass(4_000);
    expect([at.pulls.stateOf('m1', TAG), at.counts.changes]).toEqual(['ready', changes]);
    await at.clock.pass(4_000);
    expect(at.pulls.view('m1')).toMatchObject([
      { state: 'pulling', digest: null, progress: `pulling ${TAG}` },
    ]);
  });

  test('becomes missing when that pull fails', async () => {
    await at.ready('m1', TAG);
    await at.clock.pass(60_000);
    at.refuse(new DaemonError('HOST_UNREACHABLE', 'no'));
    const wait = at.outcome(at.pulls.ensure('m1', TAG));
    await settled();
    expect([wait.is, at.pulls.stateOf('m1', TAG)]).toEqual(['HOST_UNREACHABLE', 'missing']);
  });

  test('is pulled again, also by digest, when the host may have lost it', async () => {
    await at.ready('m1', DIGEST);
    await at.ready('m2', DIGEST);
    at.pulls.forget('m1');
    expect([at.pulls.stateOf('m1', DIGEST), at.pulls.stateOf('m2', DIGEST)]).toEqual(['missing', 'ready']);
    at.outcome(at.pulls.ensure('m1', DIGEST));
    expect(at.begun).toHaveLength(1);
    at.pulls.forget('m1');
    expect(at.pulls.stateOf('m1', DIGEST)).toBe('pulling');
  });
});

test('the end of the daemon ends all waits, and changes the state of no image', async () => {
  const wait = at.outcome(at.pulls.ensure('m1', TAG));
  await at.clock.pass(10_000);
  const { changes } = at.counts;
  at.pulls.stop();
  await settled();
  expect(wait.is).not.toBe('waits');
  expect([at.ended, at.logged, at.counts.changes, at.clock.alarms]).toEqual([[], [], changes, []]);
});
