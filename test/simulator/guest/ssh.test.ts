import { existsSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { newKeyPair } from '../../../src/simulator/guest/ssh-guest.ts';
import { listenIn, lives, login, macWithGuests, run } from './guest-fixture.ts';

describe('a command in a guest', () => {
  test('runs in the guest’s own home, with its input, both outputs and its exit status', async () => {
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

  test('that a signal ends returns the signal', async () => {
    await using mac = await macWithGuests();
    const client = await login((await mac.boot()).port);
    expect(await run(client, 'kill -9 $$')).toMatchObject({ code: null, signal: 'SIGKILL' });
    client.end();
  });

  test('gets nothing of this process’s environment', async () => {
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

  test('has its own output, also when many short commands follow each other', async () => {
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
  ])('survives its connection and ends at a %s, and the home is removed', async (_how, end) => {
    await using mac = await macWithGuests();
    const { id, port } = await mac.boot();
    const client = await login(port);
    const pid = Number((await run(client, DETACH)).stdout);
    const orphan = Number((await run(client, `env -i /bin/sh -c '${DETACH}'`)).stdout);
    const session = Number((await run(client, `$(command -v setsid) sh -c '${DETACH}'`)).stdout);
    const home = (await run(client, 'echo $HOME')).stdout.trim();
    client.destroy();
    const again = await login(port);
    expect([pid, orphan, session].map(lives)).toEqual([true, true, true]);
    again.end();
    await mac.call(...end(id));
    expect([pid, orphan, session].map(lives)).toEqual([false, false, false]);
    expect(existsSync(home)).toBe(false);
  });

  test('of one guest survives the end of another guest', async () => {
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
  test('accepts connections before sshd runs and leaves them silent, and a new one gets the banner later', async () => {
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

  test('can cut its connections without closing itself, and the command goes on', async () => {
    await using mac = await macWithGuests();
    const { id, port } = await mac.boot();
    const client = await login(port);
    const home = (await run(client, 'echo $HOME')).stdout.trim();
    const closed = new Promise<void>((resolve) => client.on('close', () => resolve()));
    client.on('error', () => undefined);
    void run(client, 'touch "$HOME/begun"; until [ -e "$HOME/go" ]; do sleep 0.05; done; touch "$HOME/done"');
    await vi.waitFor(() => expect(existsSync(`${home}/begun`)).toBe(true), 30_000);
    await fetch(`${mac.url.replace('/v1', '/_sim')}/vms/${id}/cut`, { method: 'POST' });
    await closed;
    const again = await login(port);
    await run(again, 'touch "$HOME/go"');
    again.end();
    await vi.waitFor(() => expect(existsSync(`${home}/done`)).toBe(true), 30_000);
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

  test('get the host key of the image in each guest, unless the first connections make new ones', async () => {
    await using mac = await macWithGuests({ slots: 3 });
    const keys: string[] = [];
    for (const [name, plan] of [
      ['a', {}],
      ['b', {}],
      ['c', { makesHostKeys: 1 }],
    ] as const) {
      mac.faults.add({ route: `guest boot ${name}`, body: plan });
      const { port } = await mac.boot(name);
      const hostVerifier = (key: Buffer) => keys.push(key.toString('hex')) > 0;
      (await login(port, { hostVerifier })).end();
    }
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[0]);
  });
});
