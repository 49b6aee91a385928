import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type Client, type ConnectConfig } from 'ssh2';
import { systemClock } from '../../../src/clock.ts';
import type { AgentSettings } from '../../../src/simulator/agent/options.ts';
import { startSimulatedMac } from '../../../src/simulator/agent/simulated-mac.ts';
import type { GuestSettings } from '../../../src/simulator/guest/loopback-hypervisor.ts';
import { IMAGE, QUICK, seededRandom, TOKEN } from '../agent/agent-fixture.ts';

/** A runner that prints what it got and exits with the status from its environment. */
const TELLING_RUNNER = `
const secret = Object.keys(process.env).filter((name) => name.startsWith('ACTIONS_RUNNER_INPUT_'));
console.log(JSON.stringify({ arguments: process.argv.slice(2), cwd: process.cwd(), secret, argv0: process.argv0 }));
process.exit(Number(process.env.SIM_EXIT ?? 0));
`;

/** A Mac with real guests, whose runner only prints what it got. Closed by `await using`. */
export async function macWithGuests(settings: AgentSettings = {}, guests: GuestSettings = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'jeballto-test-'));
  const runnerProgram = join(folder, 'runner.mjs');
  await writeFile(runnerProgram, TELLING_RUNNER);
  const mac = await startSimulatedMac({
    clock: systemClock,
    random: seededRandom(1),
    token: TOKEN,
    settings: { ...settings, latencies: { ...QUICK, ...settings.latencies } },
    guests: { runnerProgram, ...guests },
  });
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${mac.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
  };
  /** A VM that runs, with its forwarded port. */
  const boot = async (name = 'vm') => {
    const { id } = (await call('POST', '/vms', { name, image: IMAGE })).body as { id: string };
    const change = async (path: string) => {
      const { status, body } = await call('POST', `/vms/${id}/${path}`);
      if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
      return body as { port: number };
    };
    await change('start');
    return { id, port: (await change('ssh')).port };
  };
  return {
    ...mac,
    call,
    boot,
    [Symbol.asyncDispose]: async () => {
      await mac.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Logs in over SSH. Rejects with ssh2's error, whose `level` says at which step it failed. */
export function login(port: number, more: ConnectConfig = {}): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.on('ready', () => {
      client.setNoDelay(true);
      resolve(client);
    });
    client.on('error', reject);
    client.connect({
      host: '127.0.0.1',
      port,
      username: 'admin',
      password: 'admin',
      readyTimeout: 5_000,
      ...more,
    });
  });
}

export interface CommandResult {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** Runs a command and waits for its channel to close. */
export function run(client: Client, command: string, input = ''): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      const result: CommandResult = { code: null, signal: null, stdout: '', stderr: '' };
      channel.on('data', (data: Buffer) => {
        result.stdout += data;
      });
      channel.stderr.on('data', (data: Buffer) => {
        result.stderr += data;
      });
      channel.on('exit', (code: number | null, signal?: string) => {
        result.code = code;
        result.signal = signal ?? null;
      });
      channel.on('close', () => resolve(result));
      channel.end(input);
    });
  });
}

/** True while a process of this id lives: one that has ended and waits to be collected does not. */
export function lives(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}

/** A plain TCP connection, with what it received so far and whether it was closed. */
export function listenIn(port: number) {
  const socket = connect(port, '127.0.0.1');
  const heard = { text: '', connected: false, closed: false, socket };
  socket.on('connect', () => {
    heard.connected = true;
  });
  socket.on('data', (data) => {
    heard.text += data.toString('latin1');
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    heard.closed = true;
  });
  return heard;
}
