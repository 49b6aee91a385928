import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { openStore } from '../../src/store/open-store.ts';
import { damagedStore, filesOf } from '../store/damaged-store.ts';
import { settledJob } from '../store/records.ts';
import { spawnStore } from '../store/spawn-store.ts';
import { canRun } from '../support/can-run.ts';
import { patient } from './check-patient.ts';
import { runningDaemon } from './running-daemon.ts';

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
