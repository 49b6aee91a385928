import { expect, test, vi } from 'vitest';
import type { JobContext } from '../../machines/job/context.ts';
import type { EffectWorld } from '../../src/effects/effect-world.ts';
import { DaemonError } from '../../src/errors.ts';
import { VmLook } from '../../src/evidence/vm-look.ts';
import { createAdminApp } from '../../src/http/admin/admin-app.ts';
import { contextAt } from '../machines/job-samples.ts';

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
const NOW = Date.UTC(2026, 0, 5, 9, 0, 1);
const LOG = '@@@ runner.log\n2026-01-05 09:00:00Z: Running job: build\npassword: hunter22-of-the-agent\n';

/** A look into the VM of job 101; `says` is what its guest prints. */
function lookAt(
  context: JobContext | null,
  says: () => Promise<string> = async () => LOG,
  screenshot: () => Promise<Uint8Array> = async () => PNG,
) {
  const session = { hostKey: 'k', run: async () => ({ exitCode: 0, stdout: await says(), stderr: '' }) };
  const world = {
    guest: { user: 'admin', password: 'p', privateKey: null, connectTimeout: 1_000, installPath: '~/r' },
    openGuest: async () => ({ ...session, isOpen: () => true, close: () => undefined }),
    agent: () => ({ screenshot }),
  } as unknown as EffectWorld;
  const actors = {
    *held() {},
    holderOfJob: (jobId: number) => (context && jobId === 101 ? ({ key: 'a' } as never) : null),
    snapshotOf: () => ({ context }) as never,
  };
  return new VmLook(world, actors, ['hunter22-of-the-agent']);
}

const app = (look: VmLook | null) =>
  createAdminApp({
    source: { settled: async () => undefined, recording: {}, look } as never,
    tokens: () => ({}),
    clock: { now: () => NOW } as never,
  });
const ask = (look: VmLook | null, what: 'log' | 'screen') =>
  app(look).request(`/api/jobs/101/${what}`, { headers: { host: 'localhost' } });

test("the end of a running job's log is told without secrets, and its screen as a picture", async () => {
  const look = lookAt(contextAt('running.busy.watching'));
  expect(await (await ask(look, 'log')).json()).toEqual({
    vmName: 'gh-default-101-1',
    runnerName: 'gh-default-101-1',
    text: '2026-01-05 09:00:00Z: Running job: build\npassword: ***',
    at: NOW,
  });
  const screen = await ask(look, 'screen');
  expect(screen.headers.get('content-type')).toBe('image/png');
  expect(screen.headers.get('last-modified')).toBe('Mon, 05 Jan 2026 09:00:01 GMT');
  expect(screen.headers.get('cache-control')).toBe('no-store');
  expect(new Uint8Array(await screen.arrayBuffer())).toEqual(PNG);
});

test.each([
  ['waits in its queue', lookAt(contextAt('queued'))],
  ['is not known', lookAt(null)],
  ['is shown from a file', null],
] as const)('a job that %s has no VM to look into', async (_how, look) => {
  for (const what of ['log', 'screen'] as const) {
    const answer = await ask(look, what);
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { message: 'The job has no VM that can be looked into now.' },
    ]);
  }
});

test('a guest that does not respond is told with its reason, and is not a fault of the daemon', async () => {
  const silent = async () => {
    throw new DaemonError('GUEST_UNREACHABLE', 'The guest did not answer within 10 s.');
  };
  const answer = await ask(lookAt(contextAt('running.busy.watching'), silent), 'log');
  expect([answer.status, await answer.json()]).toEqual([
    502,
    { message: 'The guest did not answer within 10 s.' },
  ]);
});

test('a guest and a host that are silent for too long are told apart', async () => {
  const deadline = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort(new Error('timeout')));
  try {
    const silent = async () => Promise.reject(new Error('timeout'));
    const look = lookAt(contextAt('running.busy.watching'), silent, silent);
    await expect(look.log(101)).rejects.toMatchObject({ message: 'The guest did not respond within 10 s.' });
    await expect(look.screen(101)).rejects.toMatchObject({
      message: 'The host did not respond within 10 s.',
    });
  } finally {
    deadline.mockRestore();
  }
});
