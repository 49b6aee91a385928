import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { canRun } from '../support/can-run.ts';
import { limitFiles, whyNoLimits } from '../support/limited-files.ts';
import { conclusions, type Scenario, scenario } from './scenario.ts';

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const MAIN = join(import.meta.dirname, '../../src/main.ts');

let end: () => Promise<void> = async () => undefined;
afterEach(() => end());

/** Without a handler the signal of the limit ends the process; a full disk sends no signal. */
const NO_SIGNAL = 'data:text/javascript,process.on("SIGXFSZ",()=>undefined)';

function startDaemon({ configPath, folder }: Scenario) {
  const args = ['--import', NO_SIGNAL, '--import', TSX, MAIN, 'start', '--config', configPath];
  const child = spawn(process.execPath, args, { cwd: folder, env: { PATH: process.env.PATH } });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += chunk;
    });
  end = async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  return { pid: child.pid ?? 0, said: () => said };
}

test.runIf(canRun(whyNoLimits()))(
  'a full disk stops all new work and is shown everywhere, and work goes on when there is room again',
  { timeout: 180_000 },
  async () => {
    await using world = await scenario();
    const daemon = startDaemon(world);
    const asked = async (path: string) => {
      const answer = await fetch(path.startsWith('http') ? path : world.adminUrl + path);
      return { status: answer.status, text: await answer.text() };
    };
    await world.until(async () => (await asked('/readyz')).status === 200);
    const first = world.push();
    await world.isClean();
    expect(conclusions(first)).toEqual(['success']);
    const [made, registered] = [world.vmsCreated(), world.asked(/generate-jitconfig$/)];

    limitFiles(daemon.pid, 64);
    const second = world.push();
    await world.until(async () => (await asked('/readyz')).status === 503);
    const publicHealth = world.webhookUrl.replace('/webhook', '/healthz');
    expect(await asked(publicHealth)).toEqual({ status: 503, text: '{"ok":false}' });
    for (const [path, status] of [
      ['/readyz', 503],
      ['/healthz', 200],
      ['/api/status', 200],
      ['/api/state', 503],
      ['/metrics', 200],
    ] as const) {
      const answer = await asked(path);
      expect([path, answer.status]).toEqual([path, status]);
      expect(answer.text, path).toMatch(/store cannot be written|store_writable 0/i);
    }
    await world.until(() => daemon.said().includes('the store cannot be written, so nothing new starts'));
    // The job has its slot, and the daemon still looks at everything, but every change waits for the disk.
    await world.until(async () => (await asked('/api/jobs')).text.includes('"creating'));
    const looks = world.asked(/actions\/runs$/);
    await world.until(() => world.asked(/actions\/runs$/) >= looks + 8);
    expect([world.vmsCreated(), world.asked(/generate-jitconfig$/)]).toEqual([made, registered]);

    limitFiles(daemon.pid, 'unlimited');
    await world.isClean();
    expect(conclusions(second)).toEqual(['success']);
    expect(world.vmsCreated()).toBe(made + 1);
    expect((await asked('/readyz')).status).toBe(200);
    expect(daemon.said()).toContain('the store can be written again; work goes on');
  },
);
