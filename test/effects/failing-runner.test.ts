import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { EffectWorld } from '../../src/effects/effect-world.ts';
import { removeRunner } from '../../src/simulator/github/runners/removal.ts';
import { connect, runnerNamed } from '../simulator/github/github-fixture.ts';
import { attempt, idle, launched } from './attempt-fixture.ts';
import { type EffectFixtureOptions, effectFixture, failing } from './effect-fixture.ts';

// Guests are real processes, and many run at once when tests run in parallel.
vi.setConfig({ testTimeout: 60_000 });

/** Replaces the runner by another program. */
function running(program: string): EffectFixtureOptions {
  const folder = mkdtempSync(join(tmpdir(), 'jeballto-runner-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const runnerProgram = join(folder, 'runner.mjs');
  writeFileSync(runnerProgram, program);
  return { guests: { runnerProgram } };
}

/** A runner that exits with this status at once. */
const endingWith = (code: number) =>
  running(`console.error('ended for a reason of its own'); process.exit(${code});`);

/** A runner that says that it listens once a file exists; GitHub never sees it. */
const listeningOnce = (file: string) =>
  running(`
    import { existsSync, watch } from 'node:fs';
    const say = () => existsSync('${file}') && console.log('2026-11-24 12:00:00Z: Listening for Jobs');
    watch('${dirname(file)}', say);
    say();
  `);

/** The world of an effect; `told` is called when a script with these words was sent to the guest. */
function hearing(world: EffectWorld, words: string, told: () => void): EffectWorld {
  const openGuest: EffectWorld['openGuest'] = async (options) => {
    const login = await world.openGuest(options);
    return {
      hostKey: login.hostKey,
      isOpen: () => login.isOpen(),
      close: () => login.close(),
      run: (script, how) => {
        const running = login.run(script, how);
        if (script.includes(words)) told();
        return running;
      },
    };
  };
  return { ...world, openGuest };
}

describe('a runner that cannot work', () => {
  const troubled = async (runnerTrouble: string) => {
    const given = await effectFixture();
    given.mac.faults.add({ route: 'guest boot *', body: { runnerTrouble } });
    return attempt(given);
  };

  test.each([
    ['badCpu', 'Bad CPU type in executable'],
    ['killed', 'Killed: 9'],
  ])('is found by the probe when it cannot start (%s)', async (trouble, cause) => {
    const at = await troubled(trouble);
    await expect(at.probe()).rejects.toMatchObject(
      failing('GUEST_TOOL_MISSING', {
        blame: 'image',
        message: expect.stringMatching(
          new RegExp(`bin/Runner.Listener \\(it is there, but does not run: .*${cause}\\)`),
        ),
      }),
    );
  });

  test('fails with the log line of the cause, not with the last line', async () => {
    const at = await troubled('diskFull');
    await at.probe();
    await at.obtain();
    await at.launch();
    const { failure } = await at.watch('activity');
    expect(failure).toMatchObject({ code: 'RUNNER_EXITED', blame: 'image' });
    expect(failure?.message).toContain(
      'It said: Unhandled exception. System.IO.IOException: No space left on device',
    );
  });

  test.each([
    ['noDns', 'host', 'nodename nor servname provided'],
    ['untrusted', 'image', 'The SSL connection could not be established'],
  ])(
    'and goes on trying fails as soon as it prints the cause, with its blame (%s: %s)',
    async (trouble, blame, cause) => {
      const at = await troubled(trouble);
      await at.probe();
      await at.obtain();
      await at.launch();
      await expect(at.confirm()).rejects.toMatchObject(
        failing('RUNNER_CANNOT_CONNECT', {
          blame,
          disposition: 'retry',
          message: expect.stringContaining(cause),
        }),
      );
    },
  );
});

describe('a runner that is not online', () => {
  test('is awaited in the guest, and GitHub is asked when it listens', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'jeballto-file-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'listens');
    const at = await launched([], listeningOnce(file));
    const world = hearing(at.world, 'until=$2', () => writeFileSync(file, ''));
    await expect(at.confirm(world)).rejects.toMatchObject(
      failing('RUNNER_NOT_ONLINE', { message: `GitHub still lists the runner ${at.name} as offline.` }),
    );
  });

  test('has ended, and the failure has its last line, since its exit code says little', async () => {
    const at = await launched([], endingWith(42));
    await vi.waitFor(() => expect(at.confirm()).rejects.toMatchObject(failing('RUNNER_EXITED')), 10_000);
    const message = await at.confirm().catch((error: Error) => error.message);
    expect(message).toContain('ended with exit code 0 before it had a job. Its last line: ');
    expect(await at.watch('activity')).toMatchObject({ ended: 'exited', failure: { code: 'RUNNER_EXITED' } });
  });

  test('restarts after a retryable end, and is waited for', async () => {
    const at = await launched([], endingWith(2));
    await vi.waitFor(async () => {
      const { stdout } = await at.inGuest(`cat ~/.jeballto-runner/${at.name}/log`);
      expect(stdout).toContain('re-launch runner in 5 seconds');
    }, 10_000);
    await expect(at.confirm()).rejects.toMatchObject(failing('RUNNER_NOT_ONLINE', { disposition: 'retry' }));
  });

  test('has a version that GitHub refuses, so the image must be built again', async () => {
    const at = await launched([], { github: { minimumRunnerVersion: '2.999.0' } });
    expect(await at.watch('activity')).toMatchObject({
      ended: 'exited',
      failure: { code: 'RUNNER_DEPRECATED', blame: 'image', disposition: 'giveUp' },
    });
    await expect(at.confirm()).rejects.toMatchObject(failing('RUNNER_DEPRECATED'));
  });

  test('cannot open a session because another runner of its name has one', async () => {
    const at = await attempt(await effectFixture());
    await at.obtain();
    const session = connect(at.github.world, runnerNamed(at.github.world, at.name));
    await at.launch();
    const { ended, failure } = await at.watch('activity');
    expect([ended, failure?.code]).toEqual(['exited', 'RUNNER_EXITED']);
    expect(failure?.message).toContain('already has an active session');
    expect(failure?.blame).toBe('github');
    session.close('closed');
  });

  test('was not registered any more when it connected, since GitHub had removed it', async () => {
    const at = await attempt(await effectFixture());
    await at.obtain();
    removeRunner(at.github.world, runnerNamed(at.github.world, at.name));
    await at.launch();
    const { failure } = await at.watch('activity');
    expect(failure?.message).toContain('GitHub had removed its registration');
  });

  test('was killed, which leaves no exit code', async () => {
    const at = await idle();
    await at.online();
    await at.inGuest(`read -r pid <~/.jeballto-runner/${at.name}/pid; kill -9 "$pid"`);
    const { ended, failure } = await at.watch('exit');
    expect([ended, failure?.code]).toEqual(['exited', 'RUNNER_EXITED']);
    expect(failure?.message).toContain('without an exit code');
  });
});
