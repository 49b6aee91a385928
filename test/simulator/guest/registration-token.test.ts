import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { parseRunnerLog } from '../../../src/guest/scripts/runner-log.ts';
import { ensureRepository } from '../../../src/simulator/github/repositories.ts';
import { MAC, REPOSITORY, RUNNERS, runnerNamed, servedGitHub } from '../github/github-fixture.ts';
import { cleanUp, cleanups, folder } from './runner-fixture.ts';

afterEach(cleanUp);

describe('a runner with a registration token', () => {
  async function withToken() {
    const github = await servedGitHub();
    cleanups.push(() => github.close());
    ensureRepository(github.world, REPOSITORY);
    const { token } = (await github.ask('POST', `${RUNNERS}/registration-token`)).body;
    const guest = folder();
    const url = `${github.world.origin}/${REPOSITORY}`;
    const configure = (args: string[], env: Record<string, string> = {}) =>
      guest.start(['configure', '--unattended', '--url', url, ...args], {
        ACTIONS_RUNNER_INPUT_TOKEN: token,
        ...env,
      });
    return { ...github, ...guest, configure, token: token as string, url };
  }

  test('is configured with GitHub’s own labels added, and takes its one job', async () => {
    const { configure, push, root, start, token, world } = await withToken();
    const configuring = configure([
      '--ephemeral',
      '--disableupdate',
      '--name',
      'mac',
      '--labels',
      'xcode,big one',
      '--work',
      'w',
    ]);
    expect(await configuring.exit).toBe(0);
    expect(configuring.output).toContain('√ Runner successfully added');
    expect(configuring.output).toContain('√ Settings Saved.');
    const { labels } = runnerNamed(world, 'mac');
    expect(labels.map(({ name }) => name)).toEqual(['self-hosted', 'macOS', 'ARM64', 'xcode', 'big one']);
    push([{ labels: MAC, steps: ['echo hi > out'] }]);
    const runner = start(['run']);
    expect(await runner.exit).toBe(0);
    expect(parseRunnerLog(runner.output).result).toBe('Succeeded');
    expect(readFileSync(join(root, 'w/app/app/out'), 'utf8')).toBe('hi\n');
    expect(world.runners.size).toBe(0);
    const logs = readdirSync(join(root, '_diag')).map((name) =>
      readFileSync(join(root, '_diag', name), 'utf8'),
    );
    expect([configuring.output, runner.output, ...logs].join('\n')).not.toContain(token);
  });

  test('takes everything from the environment when there are no arguments', async () => {
    const { configure, world } = await withToken();
    const env = {
      ACTIONS_RUNNER_INPUT_NAME: 'from-the-environment',
      actions_runner_input_labels: ' own ',
      ACTIONS_RUNNER_INPUT_EPHEMERAL: 'true',
      'ACTIONS_RUNNER_INPUT_NO-DEFAULT-LABELS': 'true',
    };
    expect(await configure([], env).exit).toBe(0);
    expect(runnerNamed(world, 'from-the-environment').labels.map(({ name }) => name)).toEqual(['own']);
  });

  test('exits with 1 when it is configured already, when its name is in use, and when its token is wrong', async () => {
    const { configure, root, start, url, world } = await withToken();
    expect(await configure(['--name', 'mac']).exit).toBe(0);
    const again = configure(['--name', 'mac-2']);
    expect(await again.exit).toBe(1);
    expect(again.output).toContain('already configured');
    rmSync(join(root, '.runner'));
    const taken = configure(['--name', 'MAC']);
    expect(await taken.exit).toBe(1);
    expect(taken.output).toContain('A runner exists with the same name MAC.');
    expect(await configure(['--name', 'mac', '--replace']).exit).toBe(0);
    expect(world.runners.size).toBe(1);
    rmSync(join(root, '.runner'));
    const wrong = start(['configure', '--unattended', '--url', url, '--token', 'AWRONGTOKEN', '--name', 'x']);
    expect(await wrong.exit).toBe(1);
    expect(wrong.output).toContain('Http response code: 404');
    expect(wrong.output).not.toContain('AWRONGTOKEN');
    const group = configure(['--name', 'x', '--runnergroup', 'Macs']);
    expect(await group.exit).toBe(1);
    expect(group.output).toContain('Could not find any self-hosted runner group named "Macs".');
  });
});
