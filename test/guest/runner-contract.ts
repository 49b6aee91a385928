import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { activityScript, parseActivity } from '../../src/guest/scripts/activity.ts';
import { shellCommand } from '../../src/guest/scripts/shell.ts';
import { GuestFixture, type StartGuest } from './guest-fixture.ts';

const NAME = 'gh-a-4711-1';
const SECRET = `eyJ${'x'.repeat(6000)}-the-jit-config`;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** The rules for a runner in every guest, whichever SSH server and shell it has. */
export function runnerContract(name: string, start: StartGuest): void {
  describe(`a runner in ${name}`, () => {
    const guest = new GuestFixture(start);
    const jit = () => ({ mode: 'jit', runnerName: NAME, jitConfig: SECRET }) as const;
    const token = () =>
      ({
        mode: 'token',
        runnerName: NAME,
        token: 'AABBCC-the-registration-token',
        url: 'https://github.com/o/r',
        labels: ['self-hosted', "it's"],
        group: null,
      }) as const;

    test('a launched runner has its secret in its own environment and nowhere else', async () => {
      expect(await guest.inside().launch(jit())).toMatchObject({ answer: 'started' });
      await vi.waitFor(() => expect(guest.home.seen('interrupt')).toBe('interruptible'));
      expect(guest.home.seen('secret')).toBe(sha256(SECRET));
      expect(guest.home.seen('deprecated')).toBe('1');
      expect(execFileSync('ps', ['-A', '-ww', '-o', 'command']).toString()).not.toContain('the-jit-config');
      const files = execFileSync('sh', [
        '-c',
        'grep -rl --devices=skip the-jit-config "$1" || true',
        'sh',
        guest.home.path,
      ]);
      expect(files.toString()).toBe('');
      expect(existsSync(guest.home.state(NAME, 'secret'))).toBe(false);
    });

    test('the configuration that an image build left is removed before the launch, and nothing else is', async () => {
      for (const name of ['.runner', '.runner_migrated', '.credentials', '.env', '.path'])
        guest.home.put(name, '{}');
      expect(await guest.inside().launch(jit())).toEqual({
        answer: 'started',
        removed: ['.runner', '.runner_migrated', '.credentials'],
      });
      expect(existsSync(join(guest.home.runner, '.runner_migrated'))).toBe(false);
      expect(existsSync(join(guest.home.runner, '.env'))).toBe(true);
    });

    test('a runner that cannot run is found by the probe, with its output', async () => {
      guest.home.put('bin/Runner.Listener', '#!/bin/sh\necho "$0: no such CPU" >&2\nexit 126\n');
      await expect(guest.inside().probe()).rejects.toMatchObject({
        failure: {
          code: 'GUEST_TOOL_MISSING',
          message: expect.stringMatching(
            /lacks bin\/Runner.Listener \(it is there, but does not run: .*no such CPU\)/,
          ),
        },
      });
      guest.home.put('bin/Runner.Listener', '#!/bin/sh\nexit 3\n');
      await expect(guest.inside().probe()).rejects.toThrow(/does not run: exit code 3\)/);
    });

    test('a second launch of the same runner starts nothing', async () => {
      expect(await guest.inside().launch(jit())).toMatchObject({ answer: 'started' });
      const pid = execFileSync('cat', [guest.home.state(NAME, 'pid')]).toString();
      expect(await guest.inside().launch({ ...jit(), jitConfig: 'another' })).toMatchObject({
        answer: 'exists',
      });
      expect(execFileSync('cat', [guest.home.state(NAME, 'pid')]).toString()).toBe(pid);
      await vi.waitFor(() => expect(guest.home.seen('secret')).toBe(sha256(SECRET)));
    });

    test('two launches at once start one runner', async () => {
      const answers = await Promise.all([guest.inside().launch(jit()), guest.inside().launch(jit())]);
      expect(answers.map(({ answer }) => answer).sort()).toEqual(['exists', 'started']);
    });

    test('a runner outlives the connection, and its exit code and result are read after a new login', async () => {
      await guest.inside().launch(jit());
      await guest.reconnect();
      await vi.waitFor(async () =>
        expect(await guest.inside().status(NAME)).toMatchObject({
          process: 'running',
          listening: true,
        }),
      );
      await guest.home.tell('job Build: it completed with result: Failed');
      expect(await guest.inside().status(NAME)).toMatchObject({
        process: 'running',
        tookJob: true,
        finishedJob: false,
      });
      await guest.home.tell('done Succeeded');
      await guest.home.tell('exit 3');
      await guest.reconnect();
      expect(await guest.inside().watch(NAME, 'exit')).toMatchObject({
        process: 'exited',
        exitCode: 3,
        tookJob: true,
        finishedJob: true,
        result: 'Succeeded',
        deprecated: false,
      });
    });

    test('a runner is absent without a launch, lost after a kill, and running in the first moment of a launch', async () => {
      expect(await guest.inside().status(NAME)).toMatchObject({ process: 'absent', lastLines: [] });
      await guest.inside().launch(jit());
      guest.home.killRunner(NAME);
      await vi.waitFor(async () => expect((await guest.inside().status(NAME)).process).toBe('lost'));
      mkdirSync(guest.home.state('gh-a-4711-2', '.'));
      expect((await guest.inside().status('gh-a-4711-2')).process).toBe('running');
      const past = new Date(Date.now() - 60_000);
      utimesSync(guest.home.state('gh-a-4711-2', '.'), past, past);
      expect((await guest.inside().status('gh-a-4711-2')).process).toBe('lost');
    });

    test('a runner is lost when its pid belongs to another process', async () => {
      mkdirSync(guest.home.state(NAME, '.'), { recursive: true });
      writeFileSync(guest.home.state(NAME, 'pid'), `${process.pid}\n12345\n`);
      expect((await guest.inside().status(NAME)).process).toBe('lost');
    });

    test('a version that GitHub refuses is known from the exit code alone', async () => {
      await guest.inside().launch(jit());
      await guest.home.tell('exit 7');
      expect(await guest.inside().watch(NAME, 'activity')).toMatchObject({
        process: 'exited',
        exitCode: 7,
        tookJob: false,
        deprecated: true,
      });
    });

    test('a guest works while either the worker process or the log says that a job runs', async () => {
      await guest.inside().launch(jit());
      expect(await guest.inside().isWorking(NAME)).toBe(false);
      await guest.home.tell('job Build');
      expect(await guest.inside().isWorking(NAME)).toBe(true);
      const { script, args } = activityScript(NAME);
      expect(parseActivity((await guest.session.run(shellCommand(script, args))).stdout)).toBe(true);
      writeFileSync(guest.home.state(NAME, 'log'), '');
      expect(await guest.inside().isWorking(NAME)).toBe(true);
      await guest.home.tell('kill-worker');
      expect(await guest.inside().isWorking(NAME)).toBe(false);
      guest.home.writeLog(NAME, '2026-07-30 10:00:00Z: Running job: Build\n');
      expect(await guest.inside().isWorking(NAME)).toBe(true);
      guest.home.writeLog(NAME, '2026-07-30 10:00:09Z: Job Build completed with result: Succeeded\n');
      expect(await guest.inside().isWorking(NAME)).toBe(false);
    });

    test('watching for a runner that listens ends when it listens, and when it says that it cannot reach GitHub', async () => {
      await guest.inside().launch(jit());
      expect(await guest.inside().watch(NAME, 'listening')).toMatchObject({
        process: 'running',
        listening: true,
        tookJob: false,
      });
      writeFileSync(guest.home.state(NAME, 'log'), 'Runner connect error: No route. Retrying.\n');
      expect(await guest.inside().watch(NAME, 'listening')).toMatchObject({
        listening: false,
        cause: { line: 'Runner connect error: No route. Retrying.', blame: 'host' },
      });
      writeFileSync(guest.home.state(NAME, 'log'), '');
      guest.home.killRunner(NAME);
      expect((await guest.inside().watch(NAME, 'listening')).process).toBe('lost');
    });

    test('watching for activity ends when a job starts, and when the caller aborts', async () => {
      await guest.inside().launch(jit());
      const watch = guest.inside().watch(NAME, 'activity');
      await guest.home.tell('job Build');
      expect(await watch).toMatchObject({ process: 'running', tookJob: true, finishedJob: false });

      const control = new AbortController();
      const reason = new Error('left the state');
      const left = guest.inside(undefined, control.signal).watch(NAME, 'exit');
      control.abort(reason);
      await expect(left).rejects.toBe(reason);
      expect((await guest.inside().status(NAME)).process).toBe('running');
    });

    test('watching fails when the connection is lost', async () => {
      await guest.inside().launch(jit());
      const watch = guest.inside().watch(NAME, 'exit');
      const failed = expect(watch).rejects.toMatchObject({ failure: { code: 'GUEST_UNREACHABLE' } });
      await guest.session.run('true');
      guest.server.cut();
      await failed;
    });

    test('watching a runner that is absent or lost ends at once', async () => {
      expect((await guest.inside().watch(NAME, 'exit')).process).toBe('absent');
      await guest.inside().launch(jit());
      guest.home.killRunner(NAME);
      expect((await guest.inside().watch(NAME, 'activity')).process).toBe('lost');
    });

    test('with a registration token the runner is configured first, with the token in the environment', async () => {
      expect(await guest.inside(guest.home.runner).launch(token())).toMatchObject({ answer: 'started' });
      expect(guest.home.seen('arguments').split('\n')).toEqual([
        ...['--unattended', '--ephemeral', '--disableupdate', '--url', 'https://github.com/o/r'],
        ...['--name', NAME, '--labels', "self-hosted,it's", '--work', '_work'],
      ]);
      await vi.waitFor(async () => expect((await guest.inside().status(NAME)).listening).toBe(true));
      expect(execFileSync('ps', ['-A', '-ww', '-o', 'command']).toString()).not.toContain(
        'the-registration-token',
      );
      expect(await guest.inside(guest.home.runner).launch({ ...token(), group: 'macs' })).toMatchObject({
        answer: 'exists',
      });
    });

    test('a runner that cannot be configured fails with the reason each time, and without the token', async () => {
      guest.home.put('refuse', '');
      for (const _ of [1, 2]) {
        const error: unknown = await guest
          .inside(guest.home.runner)
          .launch({ ...token(), group: 'macs' })
          .catch((e: unknown) => e);
        expect(error).toMatchObject({ failure: { code: 'RUNNER_CONFIGURATION_FAILED' } });
        expect(String(error)).toMatch(/exit code 1 and said: Http response code: NotFound for \*\*\*/);
      }
      expect(guest.home.seen('arguments')).toContain('--runnergroup\nmacs');
      expect(await guest.inside().status(NAME)).toMatchObject({
        process: 'exited',
        exitCode: 1,
        tookJob: false,
      });
    });

    test('a runner whose directory is gone exits instead of hanging', async () => {
      expect(await guest.inside('/nowhere').launch(jit())).toMatchObject({ answer: 'started' });
      expect(await guest.inside().status(NAME)).toMatchObject({ process: 'exited', exitCode: 72 });
    });

    test('a launch whose secret does not arrive leaves nothing behind', async () => {
      await expect(guest.inside().launch({ ...jit(), jitConfig: '' })).rejects.toMatchObject({
        failure: { code: 'GUEST_COMMAND_FAILED' },
      });
      expect(await guest.inside().launch(jit())).toMatchObject({ answer: 'started' });
    });

    test('a runner name that is a path is refused', async () => {
      for (const runnerName of ['../x', '.', '', 'a/b', '-x']) {
        await expect(guest.inside().launch({ ...jit(), runnerName })).rejects.toThrow('not a name');
      }
    });
  });
}
