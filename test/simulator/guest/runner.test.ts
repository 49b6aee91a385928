import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { soon } from '../../support/soon.ts';
import { lives, login, macWithGuests, run } from './guest-fixture.ts';

describe('boot plans', () => {
  const planned = async (body: object) => {
    const mac = await macWithGuests();
    mac.faults.add({ route: 'guest boot vm', body });
    return mac;
  };

  test('can make the guest refuse every login', async () => {
    await using mac = await planned({ refuseLogin: true });
    const { port } = await mac.boot();
    await expect(login(port)).rejects.toMatchObject({ level: 'client-authentication' });
  });

  test('can keep sshd from ever starting', async () => {
    await using mac = await planned({ sshdMs: 'never' });
    const { port } = await mac.boot();
    await expect(login(port, { readyTimeout: 100 })).rejects.toMatchObject({ level: 'client-timeout' });
  });

  test.each(['run.sh', 'config.sh', 'bash', 'git'])(
    'leave %s out and everything else in place',
    async (tool) => {
      await using mac = await planned({ missingTools: [tool] });
      const client = await login((await mac.boot()).port);
      const probe = `for tool in bash git ls; do command -v $tool >/dev/null && echo $tool; done
      for file in run.sh config.sh; do [ -x actions-runner/$file ] && echo $file; done; true`;
      const found = (await run(client, probe)).stdout.trim().split('\n');
      expect(found.sort()).toEqual(
        ['bash', 'config.sh', 'git', 'ls', 'run.sh'].filter((one) => one !== tool),
      );
      client.end();
    },
  );

  test('can set a wrong clock', async () => {
    await using mac = await planned({ clockSkewSeconds: 7200 });
    const client = await login((await mac.boot()).port);
    const skew = Number((await run(client, 'date +%s')).stdout) - Date.now() / 1000;
    expect(Math.abs(skew - 7200)).toBeLessThan(30);
    client.end();
  });

  test('can make the guest end by itself', async () => {
    await using mac = await planned({ ends: { how: 'panic', afterMs: 50 } });
    const { id } = await mac.boot();
    await soon(async () => {
      expect((await mac.call('GET', `/vms/${id}/state`)).body).toMatchObject({ state: 'error' });
    });
  });
});

describe('pgrep in a guest', () => {
  const WORKER = `exec -a "$HOME/bin/Runner.Worker" sleep 300`;
  const START = `nohup bash -c '${WORKER}' >/dev/null 2>&1 </dev/null & echo $!`;

  test('lists only processes of this guest, and never itself', async () => {
    await using mac = await macWithGuests();
    const a = await login((await mac.boot('a')).port);
    const b = await login((await mac.boot('b')).port);
    const pid = (await run(a, START)).stdout.trim();
    const ask = 'pgrep -f Runner.Worker';
    await soon(async () => expect(await run(a, ask)).toMatchObject({ code: 0, stdout: `${pid}\n` }));
    expect(await run(b, ask)).toMatchObject({ code: 1, stdout: '' });
    expect(await run(a, `bash -c '${ask} >/dev/null && echo busy || echo idle'`)).toMatchObject({
      stdout: 'busy\n',
    });
    expect(await run(b, `bash -c '${ask} >/dev/null && echo busy || echo idle'`)).toMatchObject({
      stdout: 'idle\n',
    });
    expect(await run(a, 'pgrep -qf Runner.Worker')).toMatchObject({ code: 0, stdout: '' });
    expect((await run(b, 'pkill -f Runner.Worker')).code).toBe(1);
    expect(lives(Number(pid))).toBe(true);
    expect((await run(a, 'pkill -9 -f Runner.Worker')).code).toBe(0);
    await soon(() => expect(lives(Number(pid))).toBe(false));
    a.end();
    b.end();
  });
});

describe('the runner’s files', () => {
  const inRunner = async (command: string) => {
    await using mac = await macWithGuests();
    const client = await login((await mac.boot()).port);
    const result = await run(client, `cd actions-runner && ${command}`);
    client.end();
    return result;
  };

  test('config.sh and run.sh pass on arguments and inputs, in the runner’s own folder', async () => {
    const configured = await inRunner('cd / && "$OLDPWD"/config.sh --unattended --name a');
    const told = JSON.parse(configured.stdout);
    expect(told.arguments).toEqual(['configure', '--unattended', '--name', 'a']);
    const ran = await inRunner('ACTIONS_RUNNER_INPUT_JITCONFIG=x ./run.sh');
    const [line = '', ...rest] = ran.stdout.trim().split('\n');
    expect(JSON.parse(line)).toMatchObject({
      arguments: ['run'],
      secret: ['ACTIONS_RUNNER_INPUT_JITCONFIG'],
    });
    expect(dirname(JSON.parse(line).cwd)).toMatch(/jeballto-vm-/);
    expect(rest.at(-1)).toBe('Exiting runner...');
  });

  test('bin/Runner.Listener prints its version and has its own name in the process list', async () => {
    expect((await inRunner('bin/Runner.Listener --version')).stdout).toMatch(/^2\.\d+\.\d+\n$/);
    const { argv0 } = JSON.parse((await inRunner('bin/Runner.Listener run')).stdout);
    expect(argv0).toMatch(/bin\/Runner\.Listener$/);
  });

  test.each([
    ['SIM_EXIT=0 ./run.sh', 0],
    ['SIM_EXIT=1 ./run.sh', 0],
    ['SIM_EXIT=5 ./run.sh', 0],
    ['SIM_EXIT=102 ./run.sh', 0],
    ['SIM_EXIT=7 ./run.sh', 0],
    ['SIM_EXIT=7 ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE=1 ./run.sh', 7],
    ['SIM_EXIT=5 RUNNER_MANUALLY_TRAP_SIG=1 ./run.sh', 0],
    ['SIM_EXIT=5 bin/Runner.Listener run', 5],
    ['SIM_EXIT=1 ./config.sh', 1],
  ])('%s ends with %i', async (command, code) => {
    expect((await inRunner(command)).code).toBe(code);
  });
});
