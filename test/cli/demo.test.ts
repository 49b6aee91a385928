import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { demoPorts } from '../../src/cli/demo/demo-ports.ts';
import { demoScreen } from '../../src/cli/demo/demo-screen.ts';
import type { DemoJob } from '../../src/cli/demo/demo-state.ts';
import { freePort } from '../../src/cli/simulation/free-port.ts';
import { startCli } from './cli-process.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jeballto-demo-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const left = () => readdirSync(folder).filter((name) => name.startsWith('jeballto-'));
const demo = (...args: string[]) => startCli(['demo', '--jobs', '1', ...args], { env: { TMPDIR: folder } });

test('the demo first prints the address of the page on its own line, and serves the page until a signal', async () => {
  const cli = demo();
  await expect.poll(cli.stdout, { timeout: 20_000 }).toContain('new → queued');
  const [address = ''] = cli.stdout().split('\n');
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await (await fetch(address)).text()).toContain('<title>');
  cli.child.kill('SIGINT');
  expect(await cli.ended).toBe(0);
  expect(cli.stdout()).toContain('Its files are removed.');
  expect(cli.stderr()).toBe('');
  expect(left()).toEqual([]);
});

test('a closed pipe ends the demo silently, and --keep keeps its files', async () => {
  const cli = demo('--keep');
  await once(cli.child.stdout, 'data');
  cli.child.stdout.destroy();
  expect(await cli.ended).toBe(0);
  expect(cli.stderr()).toBe('');
  const [kept = ''] = left();
  expect(readdirSync(join(folder, kept))).toContain('config.json');
});

test('ports that are in use or out of range are reported before anything starts', async () => {
  const port = await freePort(Math.random);
  const server = createServer().listen(port + 2, '127.0.0.1');
  await once(server, 'listening');
  await expect(demoPorts({ port, hosts: 2, controllers: 1 }, Math.random)).rejects.toThrow(
    `Port ${port + 2} cannot be used: another process has it`,
  );
  server.close();
  await expect(demoPorts({ port: 65_535, hosts: 2, controllers: 1 }, Math.random)).rejects.toThrow(
    'Write 65531 or less.',
  );
});

test.each([80, 120, 200])(
  'at %i columns no line is wider, and the reasons of failures are still shown',
  (columns) => {
    const job = (id: number, change: Partial<DemoJob>): DemoJob => ({
      ...{
        id,
        name: `A job with quite a long name, shard ${id}`,
        state: 'queued',
        step: 0,
        conclusion: null,
      },
      ...{ host: null, seconds: 12.3, why: 'No free slot: all 4 are taken by others. '.repeat(6) },
      ...change,
    });
    const failed = job(9, { state: 'lost', step: 9, why: `IMAGE_INVALID: ${'no such image '.repeat(20)}` });
    const jobs = [...Array.from({ length: 8 }, (_, id) => job(id, {})), failed];
    const state = { jobs, vms: [], runners: [], vmsCreated: 0, records: 9 };
    const lines = demoScreen(state, { columns, rows: 24, color: false }, ['1 of 9 over', 'keys', 'said']);
    expect(lines.length).toBeLessThan(24 - 5);
    expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(columns);
    expect(lines.join('\n')).toContain('lost');
    expect(lines.join('\n')).toContain('IMAGE_INVALID');
    expect(lines.join('')).not.toContain('\u001b');
  },
);
