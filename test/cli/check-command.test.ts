import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { checkCommand } from '../../src/cli/commands/check-command.ts';
import { startSimulatedWorld } from '../../src/cli/simulation/simulated-world.ts';
import {
  SIMULATED_AGENT_TOKEN,
  SIMULATED_REPOSITORY,
  worldConfig,
} from '../../src/cli/simulation/world-config.ts';
import { type Clock, systemClock } from '../../src/clock.ts';
import { addForeignVm } from '../../src/simulator/agent/control.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { openStore } from '../../src/store/open-store.ts';
import { damagedStore, filesOf } from '../store/damaged-store.ts';
import { settledJob } from '../store/records.ts';
import { spawnStore } from '../store/spawn-store.ts';
import { canRun } from '../support/can-run.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { soon } from '../support/soon.ts';
import { recordingTerminal } from './recording-terminal.ts';
import { runningDaemon } from './running-daemon.ts';

type Content = ReturnType<typeof worldConfig> & Record<string, unknown>;

/** Runs `examine` while another process has the store open. */
async function whileHeld(storePath: string, examine: () => Promise<void>) {
  let isEnough = false;
  let opened = () => {};
  const held = new Promise<void>((resolve) => {
    opened = resolve;
  });
  const holder = spawnStore('hold', storePath, ({ open }) => {
    if (open) opened();
    return isEnough;
  });
  await held;
  try {
    await examine();
  } finally {
    isEnough = true;
    await holder;
  }
}

/** A world, and the command `check` with a config that leads to it; `change` edits the config. */
async function patient(change: (config: Content) => void = () => undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'jeballto-check-'));
  const world = await startSimulatedWorld({
    clock: systemClock,
    random: Math.random,
    host: '127.0.0.1',
    port: 0,
    macs: 1,
    agentToken: SIMULATED_AGENT_TOKEN,
  });
  ensureRepository(world.github.world, SIMULATED_REPOSITORY);
  const storePath = join(folder, 'store');
  const config = worldConfig({
    world,
    agentToken: SIMULATED_AGENT_TOKEN,
    webhookSecret: 'secret of the webhook',
    webhookListen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    store: { path: storePath },
  }) as Content;
  change(config);
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  let written: ReturnType<typeof recordingTerminal>['lines'] = { out: [], err: [] };
  const examine = async (env: NodeJS.ProcessEnv = {}, clock: Clock = systemClock) => {
    const { terminal, lines } = recordingTerminal(env, clock);
    written = lines;
    const code = await checkCommand({ config: path }, terminal);
    return { code, lines: lines.out, wrong: lines.out.filter((line) => line.startsWith('✗')) };
  };
  return {
    world,
    mac: world.macs[0] as (typeof world.macs)[0],
    storePath,
    path,
    examine,
    /** What the last run of the command has written so far. */
    lines: () => written.out,
    errors: () => written.err,
    [Symbol.asyncDispose]: async () => {
      await world.close();
      rmSync(folder, { recursive: true });
    },
  };
}

test('check of a correct setup finds no ✗, exits with 0, and changes nothing', async () => {
  await using well = await patient();
  const { code, wrong, lines } = await well.examine();
  expect({ code, wrong }).toEqual({ code: 0, wrong: [] });
  expect(lines).toContain('✓ github      The token has the scope repo.');
  expect(lines).toContain(`✓ store       ${well.storePath} is created at the first start.`);
  expect(well.mac.world.vmsCreated).toBe(0);
  const again = await well.examine();
  expect(again.lines).toContain(`✓ store       ${well.storePath} is created at the first start.`);
});

test('a host that does not respond is a finding with its address', async () => {
  await using ill = await patient((config) => {
    config.hosts = [{ name: 'mac-1', base_url: 'http://127.0.0.1:9/v1', token: SIMULATED_AGENT_TOKEN }];
  });
  const { code, wrong } = await ill.examine();
  expect(code).toBe(1);
  expect(wrong).toEqual([expect.stringMatching(/host mac-1 .*127\.0\.0\.1:9/)]);
});

test('a server that is not an agent is a finding that says so', async () => {
  await using ill = await patient((config) => {
    config.hosts = config.hosts.map((host) => ({ ...host, base_url: `${config.github.api_url}/v1` }));
  });
  expect((await ill.examine()).wrong).toEqual([
    expect.stringMatching(/✗ host mac-1 .*\/v1 is not a Jeballto Agent: correct base_url/),
  ]);
});

test('a token that the agent refuses, and a missing one, are findings that say where to copy it', async () => {
  await using refused = await patient((config) => {
    config.hosts = config.hosts.map((host) => ({ ...host, token: 'x'.repeat(36) }));
  });
  expect((await refused.examine()).wrong).toEqual([expect.stringMatching(/menu/)]);
  await using missing = await patient((config) => {
    config.hosts = config.hosts.map(({ token: _, ...host }) => host as (typeof config.hosts)[0]);
  });
  const { lines, wrong } = await missing.examine();
  expect(wrong).toEqual([expect.stringMatching(/Copy API Token/)]);
  expect(lines.join('\n')).toMatch(/✓ host mac-1 .*answers at/);
});

test('a missing capability is named, with the reason that the host gives', async () => {
  await using ill = await patient();
  (ill.mac.world.options as { unavailableFeatures: readonly string[] }).unavailableFeatures = [
    'natNetworking',
  ];
  expect((await ill.examine()).wrong).toEqual([expect.stringMatching(/natNetworking/)]);
});

test('foreign VMs in the slots of a host and images that it lacks are notes', async () => {
  await using well = await patient();
  addForeignVm(well.mac.world, { name: 'my own macOS' });
  const { code, lines } = await well.examine();
  expect(code).toBe(0);
  expect(lines).toContain('! host mac-1  1 VM that is not of this daemon uses a slot: my own macOS.');
  expect(lines.filter((line) => /is not on the Mac yet/.test(line))).toHaveLength(1);
});

test('a token without the right to register runners, and one that GitHub refuses, are findings', async () => {
  await using ill = await patient();
  const options = ill.world.github.world.options as { tokens: unknown };
  options.tokens = { 'simulated-github-token': { permissions: { actions: 'read' } } };
  expect((await ill.examine()).wrong).toContainEqual(
    expect.stringMatching(/✗ github .*read the runners of acme\/app/),
  );
  options.tokens = {};
  expect((await ill.examine()).wrong).toContainEqual(expect.stringMatching(/✗ github .*github\.token/));
});

test('the proxy and the CAs of the environment are named, and an unusable proxy is a finding', async () => {
  await using well = await patient();
  const proxy = 'http://user:hidden@127.0.0.1:9';
  const { lines, wrong } = await well.examine({ HTTP_PROXY: proxy, NODE_EXTRA_CA_CERTS: '/no/such/ca.pem' });
  expect(lines).toContain(
    '✓ github      GitHub is reached through the proxy http://127.0.0.1:9 (HTTP_PROXY); agents are called directly.',
  );
  expect(wrong).toContainEqual(expect.stringMatching(/NODE_EXTRA_CA_CERTS names \/no\/such\/ca\.pem/));
  expect(wrong).toContainEqual(expect.stringMatching(/the proxy http:\/\/127\.0\.0\.1:9 of HTTP_PROXY/));
  expect(wrong.filter((line) => line.includes('host mac-1'))).toEqual([]);
  expect(lines.join()).not.toContain('hidden');
  const excluded = await well.examine({ HTTP_PROXY: proxy, NO_PROXY: '127.0.0.1' });
  expect(excluded).toMatchObject({ code: 0, wrong: [] });
  const unusable = await well.examine({ HTTP_PROXY: 'socks5://127.0.0.1:9' });
  expect(unusable.wrong).toEqual([expect.stringMatching(/HTTP_PROXY: is not the address of a proxy/)]);
});

test('text from GitHub or an agent cannot send control characters to the terminal', async () => {
  await using ill = await patient();
  ill.world.github.faults.add({
    route: 'GET */actions/runs',
    status: 403,
    message: 'no\u001b]0;title\u0007',
  });
  ill.mac.faults.add({ route: 'GET /system/capabilities', status: 500, message: 'no\u001b[2J' });
  const { wrong } = await ill.examine();
  expect(wrong).toHaveLength(2);
  expect(wrong.join('')).not.toMatch(/\p{Cc}/u);
});

test('a runner group that the organization lacks is a finding, with the groups that exist', async () => {
  await using ill = await patient((config) => {
    config.runner = { ...config.runner, scope: 'organization', group: 'Macs' } as typeof config.runner;
  });
  expect((await ill.examine()).wrong).toEqual([expect.stringMatching(/no runner group "Macs".*Default/)]);
});

test('a missing webhook secret is a ✗ when nothing polls, and a note otherwise', async () => {
  await using both = await patient((config) => {
    delete (config.github as { webhook_secret?: string }).webhook_secret;
  });
  const { code, lines } = await both.examine();
  expect(code).toBe(0);
  expect(lines).toContainEqual(expect.stringMatching(/^! config .*webhook_secret/));
  await using webhook = await patient((config) => {
    delete (config.github as { webhook_secret?: string }).webhook_secret;
    config.controller.mode = 'webhook';
  });
  expect((await webhook.examine()).wrong).toEqual([expect.stringMatching(/webhook_secret/)]);
});

test('a store that a running daemon has open is a note, and so are the ports that this daemon uses', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  await using well = await patient((config) => {
    config.admin.listen = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
  });
  await whileHeld(well.storePath, async () => {
    const { code, lines } = await well.examine();
    expect(code).toBe(0);
    expect(lines).toContainEqual(expect.stringMatching(/^! store .*Another daemon uses this store/));
    expect(lines.join()).not.toContain(' ports ');
  });
  taken.close();
  expect((await well.examine()).lines).toContainEqual(
    expect.stringMatching(/^✓ store .*no daemon uses it\. 0 jobs go on/),
  );
});

test('runner versions that a running daemon saw in its images are listed, with those that GitHub will soon refuse', async () => {
  const seen = { profile: 'ios', version: '2.330.0', endsAt: null, isEnding: false };
  const soonOver = {
    ...seen,
    profile: 'old',
    version: '2.311.0',
    endsAt: Date.UTC(2026, 2, 1),
    isEnding: true,
  };
  await using daemon = await runningDaemon({
    sources: () => ({ mode: 'both', runners: [seen, soonOver] }),
  });
  await using well = await patient((config) => {
    config.admin.listen = new URL(daemon.url).host;
  });
  await whileHeld(well.storePath, async () => {
    const { code, lines } = await well.examine();
    expect(code).toBe(0);
    expect(lines).toContainEqual(
      expect.stringMatching(/^✓ github .*image of ios has runner version 2\.330\.0\.$/),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^! github .*image of old has runner version 2\.311\.0; GitHub accepts it until 2026-03-01: build/,
      ),
    );
  });
});

test('a config with secrets that other users can read is a note', async () => {
  await using open = await patient();
  chmodSync(open.path, 0o644);
  const { code, lines } = await open.examine();
  expect(code).toBe(0);
  expect(lines).toContainEqual(
    `! config      ${open.path} holds secrets, and other users of this machine can read it: chmod 600 ${open.path}`,
  );
});

test('a port that another process uses is a ✗, with the key that sets another port', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  await using ill = await patient((config) => {
    config.controller.webhook_listen = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
  });
  expect((await ill.examine()).wrong).toEqual([
    expect.stringMatching(/^✗ ports .*another process listens there\. .*controller\.webhook_listen/),
  ]);
  taken.close();
});

test('a path that cannot be a store is a ✗', async () => {
  await using ill = await patient((config) => {
    writeFileSync(config.store.path ?? '', 'a file, no folder');
  });
  expect((await ill.examine()).wrong).toEqual([
    expect.stringMatching(/✗ store .* is a file: set store\.path/),
  ]);
});

test.runIf(canRun(process.platform === 'linux' ? null : 'only Linux has /proc'))(
  'a store in a file system that holds no files is wrong',
  async () => {
    await using ill = await patient((config) => {
      config.store.path = '/proc/nope/data';
    });
    expect((await ill.examine()).wrong).toEqual([
      expect.stringMatching(/✗ store .*\/proc .*set store\.path/),
    ]);
  },
);

test('damage in the store is a finding, and check changes no file of the store', async () => {
  await using ill = await patient();
  await damagedStore(ill.storePath);
  const before = filesOf(ill.storePath);
  const { wrong } = await ill.examine();
  expect(wrong).toEqual([
    expect.stringMatching(/✗ store .*\.log is damaged: \d+ bytes of it cannot be read/),
  ]);
  expect(filesOf(ill.storePath)).toEqual(before);
});

test('a table file in which a byte changed is named', async () => {
  await using ill = await patient();
  const options = {
    path: ill.storePath,
    clock: systemClock,
    log: pino({ level: 'silent' }),
    retention: 1e12,
  };
  const store = await openStore(options);
  for (let n = 1; n <= 50; n += 1) store.settled.put(settledJob(n));
  await store.close();
  await (await openStore(options)).close();
  const table = join(ill.storePath, readdirSync(ill.storePath).find((name) => name.endsWith('.ldb')) ?? '');
  const bytes = readFileSync(table);
  bytes[200] = (bytes[200] ?? 0) ^ 0xff;
  writeFileSync(table, bytes);
  expect((await ill.examine()).wrong).toEqual([expect.stringMatching(/✗ store .*\.ldb.*checksum mismatch/)]);
});

test('a GitHub that does not respond is one finding, and is named while check waits for it', async () => {
  await using ill = await patient();
  ill.world.github.faults.add({ route: '*', hang: true });
  const clock = new ManualClock(Date.now());
  const examined = ill.examine({}, clock);
  const patience = () => clock.alarms.filter((at) => at - clock.now() <= 2_000);
  await soon(() => expect([patience().length, clock.alarms.length]).toEqual([1, 2]));
  await soon(() => expect(ill.lines().join()).toContain('✓ host mac-1  It accepts the token.'));
  await clock.advance(2_000);
  expect(ill.errors()).toEqual([`Waiting for GitHub at ${ill.world.github.url} …`]);
  await clock.advance(30_000);
  const { wrong } = await examined;
  expect(wrong).toEqual([expect.stringMatching(/✗ github .*no answer in time/)]);
});

test('unreadable rows are counted for each table, and the store is not changed', async () => {
  await using well = await patient();
  const log = pino({ level: 'silent' });
  const store = await openStore({ path: well.storePath, clock: systemClock, log, retention: 1e12 });
  for (let n = 1; n <= 3; n += 1) {
    store.settled.put(settledJob(n, { at: systemClock.now(), ...(n < 3 && { attempts: -1 }) }));
  }
  store.cordons.put('mini-1', { by: 'ada', at: -1 });
  await store.close();
  const before = filesOf(well.storePath);
  const { code, lines } = await well.examine();
  expect(code).toBe(0);
  expect(lines).toContainEqual(
    expect.stringContaining(
      '3 rows of the store are unreadable and in quarantine (1 of cordons, 2 of settled)',
    ),
  );
  expect(filesOf(well.storePath)).toEqual(before);
});
