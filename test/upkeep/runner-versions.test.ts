import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createGitHub } from '../../src/github/github.ts';
import { JournalWriter } from '../../src/journal/journal-writer.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { RunnerVersions } from '../../src/upkeep/runner-versions.ts';
import { REPO } from '../github/github-rig.ts';
import { contextAt, VM } from '../machines/job-samples.ts';
import { servedGitHub } from '../simulator/github/github-fixture.ts';
import { ManualClock, settled } from '../support/manual-clock.ts';
import { memoryDatabase, memoryStore } from '../support/memory-store.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

async function rig(ends: Record<string, number | null>) {
  const clock = new ManualClock(1_000 * DAY);
  const logged: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
  const database = memoryDatabase();
  const journal = new JournalWriter(
    (await memoryStore({ clock, log, retention: 30 * DAY }, database)).journal,
  );
  const asked: string[] = [];
  const github = {
    runnerEndsAt: async (_scope: object, version: string) => {
      asked.push(version);
      const end = ends[version];
      if (end === undefined) throw new Error('GitHub cannot be reached');
      return end;
    },
  };
  const versions = new RunnerVersions({ github, scope: () => REPO, journal, clock, log });
  const probed = async (profile: string, runnerVersion: string) => {
    const changed = { vm: { ...(contextAt('probing.acting').vm ?? VM), profile, runnerVersion } };
    journal.write({
      ...{ at: clock.now(), actor: '7', jobId: 7, attempt: 1, host: 'mac-1', event: 'probeGuest done' },
      ...{ from: 'probing.acting', to: 'jitConfig.acting', changed },
    });
    await settled();
  };
  return { clock, versions, probed, asked, logged };
}

test('GitHub is asked once in some hours for each version, however many VMs have it', async () => {
  const { clock, versions, probed, asked } = await rig({ '2.340.0': 1_100 * DAY });
  await probed('mac', '2.340.0');
  await probed('mac', '2.340.0');
  await probed('xcode', '2.340.0');
  expect(asked).toEqual(['2.340.0']);
  await clock.pass(6 * HOUR);
  await probed('mac', '2.340.0');
  expect(asked).toHaveLength(2);
  const endsAt = 1_100 * DAY;
  expect(versions.all()).toEqual([
    { profile: 'mac', version: '2.340.0', endsAt, isEnding: false },
    { profile: 'xcode', version: '2.340.0', endsAt, isEnding: false },
  ]);
});

test('the end of a version is warned of weeks before, once for each image, but not when GitHub names none or cannot be asked', async () => {
  const { versions, probed, logged } = await rig({ '2.330.0': 1_020 * DAY, '2.341.0': null });
  await probed('mac', '2.330.0');
  await probed('mac', '2.330.0');
  await probed('new', '2.341.0');
  await probed('away', '2.342.0');
  expect(versions.all().map(({ profile, isEnding }) => [profile, isEnding])).toEqual([
    ['mac', true],
    ['new', false],
    ['away', false],
  ]);
  expect(logged).toHaveLength(1);
  expect(logged[0]).toContain('GitHub accepts runner version 2.330.0 in the image of mac until 1972-10-17');
});

/** GitHub's description of its API does not have the route yet, so the call is not checked against it. */
async function served(settings: Parameters<typeof servedGitHub>[0]) {
  const { url, close, world } = await servedGitHub(settings);
  onTestFinished(close);
  ensureRepository(world, `${REPO.owner}/${REPO.repository}`);
  return createGitHub({ apiUrl: url, auth: { token: 'ghp_x' }, clock: systemClock });
}

test('GitHub returns for each version until when it accepts it', async () => {
  const github = await served({ runnerEnds: { '2.330.0': Date.UTC(2026, 11, 24) } });
  expect(await github.runnerEndsAt(REPO, '2.330.0')).toBe(Date.UTC(2026, 11, 24));
  expect(await github.runnerEndsAt(REPO, '2.341.0')).toBeNull();
});

test('on a server without the route no end is known', async () => {
  const github = await served({ enterpriseVersion: '3.9.4', hasJit: false });
  expect(await github.runnerEndsAt(REPO, '2.330.0')).toBeNull();
});
