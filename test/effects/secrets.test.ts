import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';
import { TOKEN } from '../simulator/agent/agent-fixture.ts';
import { runnerNamed } from '../simulator/github/github-fixture.ts';
import { soon } from '../support/soon.ts';
import { attempt } from './attempt-fixture.ts';
import { type EffectFixtureOptions, effectFixture } from './effect-fixture.ts';

vi.setConfig({ testTimeout: 60_000 });

const PASSWORD = 'the-password-of-the-guest';
const OLD_SERVER = { enterpriseVersion: '3.9.4', hasJit: false };

/** Everything that is written, with its source; errors with all parts of their failure. */
function listener() {
  const heard: string[] = [];
  const hear = async <T>(said: Promise<T>): Promise<T | null> => {
    try {
      const output = await said;
      heard.push(JSON.stringify(output));
      return output;
    } catch (error) {
      const { message, stack, failure } = error as Error & { failure?: unknown };
      heard.push(JSON.stringify({ message, stack, failure }));
      return null;
    }
  };
  return { heard, hear };
}

/** Reads the process list again and again until the work is done. */
async function processListsDuring(work: Promise<unknown>): Promise<string[]> {
  const lists: string[] = [];
  let isDone = false;
  const ended = work.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    lists.push((await promisify(execFile)('ps', ['-A', '-ww', '-o', 'command='])).stdout);
  }
  await ended;
  return lists;
}

test.each<[string, EffectFixtureOptions['github']]>([
  ['JIT configuration', {}],
  ['registration token', OLD_SERVER],
])(
  'no output, failure, progress, log line or command line of a pipeline holds the %s or a password',
  async (_what, github) => {
    const { heard, hear } = listener();
    const given = await effectFixture({
      github,
      guests: { password: PASSWORD },
      runner: { ssh_password: PASSWORD },
    });
    const at = await attempt(given, ['ps -A -ww -o command= >"$HOME/ps"; env >"$HOME/env"']);
    await hear(Promise.resolve(at.guest));

    // Failures that quote as much as they can: the agent its password and token, GitHub the call.
    const quoting = { status: 400, code: 'INVALID_REQUEST', message: `cannot use ${PASSWORD} of ${TOKEN}` };
    at.mac.faults.add({ route: 'POST /vms/:id/execute', ...quoting, times: 1 });
    await hear(at.askByAgent());
    at.github.faults.add({ route: 'POST *', status: 500, times: 1 });
    await hear(at.obtain());

    await hear(at.probe());
    await hear(at.obtain());
    const secret = at.world.secrets.of(at.name);
    const secrets = [secret?.mode === 'jit' ? secret.jitConfig : (secret?.token ?? ''), PASSWORD, TOKEN];
    const key = [...at.github.world.runners.values()].map((runner) => runner.secret);
    secrets.push('ghp_oftheeffects', ...key);

    const lists = await processListsDuring(hear(at.launch()).then(() => hear(at.watch('exit'))));
    secrets.push(...key);
    await hear(soon(() => at.recheck()));
    await hear(at.confirm());
    await hear(at.ask());
    await hear(at.deregister());
    await hear(at.remove());
    const { stdout } = await at.inGuest(
      `cat ~/ps ~/env ~/.jeballto-runner/*/*; ls ~/.jeballto-runner/*; head -c 99 ~/.jeballto-runner/*/secret`,
    );
    await hear(at.destroy());

    expect(secrets.every((one) => one.length >= 16)).toBe(true);
    expect(lists.some((list) => list.includes(at.name))).toBe(true);
    expect(at.logged.length).toBeGreaterThan(0);
    expect(stdout).toContain('Running job: ');
    const said = [...heard, ...lists, ...at.logged, ...at.shown.map(String), stdout].join('\n');
    for (const one of secrets)
      expect(said.includes(one), `a secret of ${one.length} characters was told`).toBe(false);
    expect(at.world.secrets.of(at.name)).toBeNull();
  },
);

test('a runner’s key is in nothing that a pipeline that ends early writes', async () => {
  const { heard, hear } = listener();
  const at = await attempt(await effectFixture());
  await at.obtain();
  const secret = at.world.secrets.of(at.name);
  const jit = secret?.mode === 'jit' ? secret.jitConfig : '';
  const { secret: key } = runnerNamed(at.github.world, at.name);
  await at.inGuest('rm -rf ~/.jeballto-runner; touch ~/.jeballto-runner');
  await hear(at.launch());
  await hear(at.launch());
  await hear(at.remove());
  expect(heard.join('\n')).toContain('GUEST_COMMAND_FAILED');
  for (const one of [jit, key]) expect(heard.join('\n').includes(one)).toBe(false);
});
