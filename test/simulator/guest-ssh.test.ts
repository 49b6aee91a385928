import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { newKeyPair } from '../../src/simulator/guest/key-pair.ts';
import { listenIn, lives, login, macWithGuests, run } from './guest-fixture.ts';

describe('a command in a guest', () => {
  test('runs in a home of its own, with its input, both outputs and its exit status', async () => {
    await using mac = await macWithGuests();
    const { port } = await mac.boot();
    const client = await login(port);
    const result = await run(client, 'cat; echo "$HOME" "$PWD" >&2; exit 7', 'hello\n');
    expect(result).toMatchObject({ code: 7, stdout: 'hello\n' });
    const [home, directory] = result.stderr.trim().split(' ');
    expect(home).toBe(directory);
    expect(home).not.toBe(process.env.HOME);
    client.end();
  });

  test('that a signal ends tells the signal', async () => {
    await using mac = await macWithGuests();
    const client = await login((await mac.boot()).port);
    expect(await run(client, 'kill -9 $$')).toMatchObject({ code: null, signal: 'SIGKILL' });
    client.end();
  });

  test('sees nothing of this process’s environment', async () => {
    process.env.SIM_TEST_SECRET = 'do not leak';
    await using mac = await macWithGuests({}, { env: { GIVEN: 'yes' } });
    const client = await login((await mac.boot()).port);
    const { stdout } = await run(client, 'env');
    expect(stdout).toContain('GIVEN=yes');
    expect(stdout).not.toContain('SIM_TEST_SECRET');
    client.end();
    delete process.env.SIM_TEST_SECRET;
  });

  test('keeps its channel open until a background process lets go of its output', async () => {
    await using mac = await macWithGuests();
    const client = await login((await mac.boot()).port);
    const held = await run(client, '(sleep 0.2; echo late) & echo early');
    expect(held.stdout).toBe('early\nlate\n');
    client.end();
  });

  test('answers many short commands in a row without delay on either end', async () => {
    await using mac = await macWithGuests();
    const client = await login((await mac.boot()).port);
    const results = [];
    for (let index = 0; index < 20; index += 1)
      results.push((await run(client, `echo ${index}`)).stdout.trim());
    expect(results).toEqual(Array.from({ length: 20 }, (_, index) => String(index)));
    client.end();
  });

  test('runs through the agent’s execute route, whose SSH failures are exit code 255', async () => {
    await using mac = await macWithGuests();
    const { id } = await mac.boot();
    const execute = async (more: object) =>
      (await mac.call('POST', `/vms/${id}/execute`, { command: 'echo out; echo err >&2; exit 3', ...more }))
        .body;
    expect(await execute({ password: 'admin' })).toMatchObject({
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(await execute({ password: 'wrong' })).toMatchObject({ exitCode: 255, stdout: '' });
    expect(await execute({})).toMatchObject({ exitCode: 255 });
  });
});

describe('a detached process', () => {
  const DETACH = 'nohup sleep 300 >/dev/null 2>&1 </dev/null & echo $!';

  test.each<[string, (id: string) => [string, string]]>([
    ['stop', (id) => ['POST', `/vms/${id}/stop`]],
    ['forced delete', (id) => ['DELETE', `/vms/${id}?force=true`]],
  ])('survives its connection and dies at a %s, and the home goes with it', async (_how, end) => {
    await using mac = await macWithGuests();
    const { id, port } = await mac.boot();
    const client = await login(port);
    const pid = Number((await run(client, DETACH)).stdout);
    const orphan = Number((await run(client, `env -i /bin/sh -c '${DETACH}'`)).stdout);
    const session = Number((await run(client, `setsid sh -c '${DETACH}'`)).stdout);
    const home = (await run(client, 'echo $HOME')).stdout.trim();
    client.destroy();
    const again = await login(port);
    expect([pid, orphan, session].map(lives)).toEqual([true, true, true]);
    again.end();
    await mac.call(...end(id));
    expect([pid, orphan, session].map(lives)).toEqual([false, false, false]);
    expect(existsSync(home)).toBe(false);
  });

  test('of one guest outlives the end of another', async () => {
    await using mac = await macWithGuests();
    const [a, b] = [await mac.boot('a'), await mac.boot('b')];
    const clients = [await login(a.port), await login(b.port)] as const;
    const pid = Number((await run(clients[1], DETACH)).stdout);
    await mac.call('DELETE', `/vms/${a.id}?force=true`);
    expect(lives(pid)).toBe(true);
    clients[1].end();
    await mac.call('DELETE', `/vms/${b.id}?force=true`);
    expect(lives(pid)).toBe(false);
  });
});

describe('the forwarded port', () => {
  test('accepts connections before sshd is up and leaves them silent; a fresh one gets the banner', async () => {
    await using mac = await macWithGuests({ latencies: { sshd: 150 } });
    const { port } = await mac.boot();
    const early = listenIn(port);
    await vi.waitFor(() => expect(early.connected).toBe(true));
    await vi.waitFor(async () => {
      const late = listenIn(port);
      await vi.waitFor(() => expect(late.text).toMatch(/^SSH-2\.0/), { timeout: 200, interval: 5 });
      late.socket.destroy();
    });
    expect(early).toMatchObject({ text: '', closed: false });
    early.socket.destroy();
  });

  test.each<[string, (id: string) => [string, string]]>([
    ['stop', (id) => ['POST', `/vms/${id}/stop`]],
    ['disabling', (id) => ['DELETE', `/vms/${id}/ssh`]],
  ])('drops its connections at %s and refuses new ones', async (_how, end) => {
    await using mac = await macWithGuests();
    const { id, port } = await mac.boot();
    const open = listenIn(port);
    await vi.waitFor(() => expect(open.text).toMatch(/^SSH-2\.0/));
    await mac.call(...end(id));
    await vi.waitFor(() => expect(open.closed).toBe(true));
    await expect(login(port)).rejects.toMatchObject({ level: 'client-socket' });
  });

  test('can be cut without closing, and the command goes on', async () => {
    await using mac = await macWithGuests();
    const { id, port } = await mac.boot();
    const client = await login(port);
    const home = (await run(client, 'echo $HOME')).stdout.trim();
    const closed = new Promise<void>((resolve) => client.on('close', () => resolve()));
    client.on('error', () => undefined);
    void run(client, 'sleep 0.3; touch "$HOME/done"');
    await vi.waitFor(async () => {
      const { stdout } = await run(client, 'pgrep -f "touch.*done"');
      expect(stdout).not.toBe('');
    });
    await fetch(`${mac.url.replace('/v1', '/_sim')}/vms/${id}/cut`, { method: 'POST' });
    await closed;
    (await login(port)).end();
    await vi.waitFor(() => expect(existsSync(`${home}/done`)).toBe(true));
  });
});

describe('logins', () => {
  test('need the right password or the authorized key', async () => {
    const key = newKeyPair();
    await using mac = await macWithGuests({}, { authorizedKey: key.public });
    const { port } = await mac.boot();
    await expect(login(port, { password: 'wrong' })).rejects.toMatchObject({
      level: 'client-authentication',
    });
    await expect(login(port, { username: 'root' })).rejects.toMatchObject({ level: 'client-authentication' });
    const other = newKeyPair().private;
    const byKey = (privateKey: string) => login(port, { privateKey, password: '' });
    await expect(byKey(other)).rejects.toMatchObject({ level: 'client-authentication' });
    (await byKey(key.private)).end();
  });

  test('meet a host key of its own in each guest', async () => {
    await using mac = await macWithGuests();
    const keys: string[] = [];
    for (const name of ['a', 'b']) {
      const { port } = await mac.boot(name);
      const hostVerifier = (key: Buffer) => keys.push(key.toString('hex')) > 0;
      (await login(port, { hostVerifier })).end();
    }
    expect(new Set(keys).size).toBe(2);
  });
});

describe('boot plans', () => {
  const planned = async (body: object) => {
    const mac = await macWithGuests();
    mac.faults.add({ route: 'guest boot vm', body });
    return mac;
  };

  test('refuse every login', async () => {
    await using mac = await planned({ refuseLogin: true });
    const { port } = await mac.boot();
    await expect(login(port)).rejects.toMatchObject({ level: 'client-authentication' });
  });

  test('keep sshd from ever coming up', async () => {
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

  test('put the clock off', async () => {
    await using mac = await planned({ clockSkewSeconds: 7200 });
    const client = await login((await mac.boot()).port);
    const skew = Number((await run(client, 'date +%s')).stdout) - Date.now() / 1000;
    expect(Math.abs(skew - 7200)).toBeLessThan(30);
    client.end();
  });

  test('end the guest by itself', async () => {
    await using mac = await planned({ ends: { how: 'panic', afterMs: 50 } });
    const { id } = await mac.boot();
    await vi.waitFor(async () => {
      expect((await mac.call('GET', `/vms/${id}/state`)).body).toMatchObject({ state: 'error' });
    });
  });
});

describe('pgrep in a guest', () => {
  const WORKER = `exec -a "$HOME/bin/Runner.Worker" sleep 300`;
  const START = `nohup bash -c '${WORKER}' >/dev/null 2>&1 </dev/null & echo $!`;

  test('tells this guest’s processes only, and never the one that asks', async () => {
    await using mac = await macWithGuests();
    const a = await login((await mac.boot('a')).port);
    const b = await login((await mac.boot('b')).port);
    const pid = (await run(a, START)).stdout.trim();
    const ask = 'pgrep -f Runner.Worker';
    await vi.waitFor(async () => expect(await run(a, ask)).toMatchObject({ code: 0, stdout: `${pid}\n` }));
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
    await vi.waitFor(() => expect(lives(Number(pid))).toBe(false));
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

  test('config.sh and run.sh hand arguments and inputs on, from the runner’s own folder', async () => {
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

  test('bin/Runner.Listener tells its version and is called so in the process list', async () => {
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
