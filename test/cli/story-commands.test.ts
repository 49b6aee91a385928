import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
import { chartCommand } from '../../src/cli/commands/chart-command.ts';
import { evidenceCommand } from '../../src/cli/commands/story/evidence-command.ts';
import { explainCommand } from '../../src/cli/commands/story/explain-command.ts';
import { watchLines } from '../../src/cli/commands/watch-command.ts';
import { systemClock } from '../../src/clock.ts';
import { createAdminApp } from '../../src/http/admin/admin-app.ts';
import { replaySource } from '../../src/http/admin/source/replay-source.ts';
import { StagedDaemon } from '../page/staged-daemon.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { jobView, NOW } from './job-samples.ts';
import { recordingTerminal } from './recording-terminal.ts';

let daemon: StagedDaemon;
let folder: string;
let config: string;
beforeEach(async () => {
  daemon = await StagedDaemon.start();
  folder = mkdtempSync(join(tmpdir(), 'story-'));
  config = join(folder, 'config.json');
  writeFileSync(
    config,
    JSON.stringify({
      github: { token: 'ghp_example', owner: 'acme', repository: 'app' },
      jeballto: { token: 'A'.repeat(36), base_url: 'http://127.0.0.1:1/v1' },
      labels: { 'jeballto-macos': { image: 'ghcr.io/jeballto/macos-ci:latest' } },
      admin: { listen: new URL(daemon.url).host },
    }),
  );
});
afterEach(async () => {
  await daemon.close();
  rmSync(folder, { recursive: true });
});

/** A job whose image is broken and whose label then left the config, with evidence of its attempt. */
async function failedJob(): Promise<void> {
  const key = daemon.queue(77, { attempt: 2 });
  daemon.next(key);
  daemon.fail(key, 'IMAGE_INVALID', 'The image asks for a disk of 10 TB.');
  daemon.tearDown(key);
  const failed = failure('PROFILE_UNKNOWN', 'The config has no label "macos-15" any more.');
  daemon.send(`${key}.2`, { type: 'job.unservable', failure: failed });
  daemon.store.evidence.put({
    ...{ jobId: 77, attempt: 2, at: Date.now(), vmName: 'gh-default-77-1', host: 'mini-1', agentEvents: [] },
    ...{ screen: null, logs: { 'runner.log': 'it stopped' }, hostLook: null, missing: [] },
  });
  await daemon.store.durable();
}

test('explain says why a job failed, who must act and what happened, in the same words as the page', async () => {
  await failedJob();
  const { terminal, text } = recordingTerminal();
  expect(await explainCommand(77, { config }, terminal)).toBe(0);
  expect(text()).toContain('Given up. It had 3 attempts.');
  expect(text()).toContain('IMAGE_INVALID: The image asks for a disk of 10 TB.');
  expect(text()).toContain('PROFILE_UNKNOWN: The config has no label');
  expect(text()).toContain('the operator of this daemon');
  expect(text()).toContain('  From:           branch main, commit 3f2a1bc, by ada\n');
  expect(text()).toMatch(/Attempt 3, VM gh-default-77-1 on mini-1\n +queued .*\n +creating .* 1 failure\n/);
  expect(text()).toContain('It got a slot: queued → creating.acting');
});

test('explain tells the story of a job without who started it when the daemon cannot say that', async () => {
  await failedJob();
  daemon.starter = async () => {
    throw new Error('a fault');
  };
  const { terminal, text } = recordingTerminal();
  expect(await explainCommand(77, { config }, terminal)).toBe(0);
  expect(text()).toContain('  From:           branch main, commit 3f2a1bc\n');
});

test('explain prints the same for an evidence file as for the daemon', async () => {
  await failedJob();
  const output = join(folder, 'job.json');
  const { terminal } = recordingTerminal();
  expect(await evidenceCommand(77, { config, output }, terminal)).toBe(0);
  const file = JSON.parse(readFileSync(output, 'utf8'));
  expect(file.actor).toBe('ada');
  expect(file.kept[0].logs['runner.log']).toBe('it stopped');
  const app = createAdminApp({
    source: replaySource(file),
    tokens: () => ({}),
    clock: systemClock,
  });
  const ask = async (path: string) =>
    (await app.request(`http://127.0.0.1${path}`, { headers: { host: '127.0.0.1' } })).json();
  const state = await ask('/api/state');
  expect(state).toMatchObject({ mode: 'replay', ended: [{ jobId: 77, state: 'failed' }] });
  const mid = await ask(`/api/state?at=${file.journal[1].at}`);
  expect(mid.jobs.length + mid.ended.length).toBe(1);
  expect(await ask('/api/jobs/77/run')).toEqual({ actor: 'ada' });
  const journal = await ask('/api/jobs/77/journal');
  const told = (await (await fetch(`${daemon.url}/api/jobs/77/journal`)).json()) as {
    entries: { event: string }[];
  };
  expect(journal.entries.map((entry: { event: string }) => entry.event)).toEqual(
    told.entries.map(({ event }) => event),
  );
  const refused = await app.request('http://127.0.0.1/api/jobs/77/retry', {
    method: 'POST',
    headers: { host: '127.0.0.1' },
  });
  expect(refused.status).toBe(409);
});

test('a file that is not evidence is refused in one sentence, and so is an unknown machine', async () => {
  const { replayCommand } = await import('../../src/cli/commands/story/replay-command.ts');
  const { terminal } = recordingTerminal();
  await expect(replayCommand(config, { port: 0 }, terminal)).rejects.toThrow('is not an evidence file');
  await expect(replayCommand(join(folder, 'none'), { port: 0 }, terminal)).rejects.toThrow('cannot be read');
  await expect(chartCommand({ machine: 'vm', format: 'svg' }, terminal)).rejects.toThrow('job or host');
});

test('watch shows why each waiting job waits, and no more lines than fit', () => {
  const waits = { jobId: 12, why: 'noSlot' as const, sentence: 'No free slot.', frees: '', until: null };
  const answer = {
    jobs: {
      jobs: [jobView(11), jobView(12, { state: 'queued' }), jobView(13), jobView(14)],
      beyond: 0,
      recent: [],
    },
    waiting: { waiting: [{ ...waits, key: '12', position: 1 }], beyond: 0, unserved: [] },
    hosts: [],
  };
  const clock = new ManualClock(NOW);
  const lines = watchLines(answer, { clock, columns: 90, rows: 7, color: false });
  expect(lines[0]).toContain('4 live, 1 queued');
  expect(lines.join('\n')).toContain('No free slot.');
  expect(lines.at(-1)).toBe('2 more jobs do not fit here.');
  expect(lines.length).toBeLessThan(7);
});

test('explain wraps long text to the width of the terminal, and wraps nothing in a pipe', async () => {
  await failedJob();
  const narrow = recordingTerminal({}, systemClock, { columns: 60 });
  await explainCommand(77, { config }, narrow.terminal);
  expect(Math.max(...narrow.lines.out.map((line) => stringWidth(line)))).toBeLessThanOrEqual(60);
  expect(narrow.text().replace(/\s+/g, ' ')).toContain('The image asks for a disk of 10 TB.');
  const pipe = recordingTerminal();
  await explainCommand(77, { config }, pipe.terminal);
  expect(pipe.text()).not.toContain('\u001b');
  expect(Math.max(...pipe.lines.out.map((line) => stringWidth(line)))).toBeGreaterThan(60);
});

test('evidence overwrites a file only with --force, and a missing folder is reported', async () => {
  await failedJob();
  const { terminal, text } = recordingTerminal();
  const output = join(folder, 'job.json');
  writeFileSync(output, 'mine');
  await expect(evidenceCommand(77, { config, output }, terminal)).rejects.toThrow('--force');
  expect(readFileSync(output, 'utf8')).toBe('mine');
  await evidenceCommand(77, { config, output, force: true, json: true }, terminal);
  expect(JSON.parse(text())).toEqual({ jobId: 77, file: output, entries: expect.any(Number) });
  const nowhere = join(folder, 'none', 'job.json');
  await expect(evidenceCommand(77, { config, output: nowhere }, terminal)).rejects.toThrow(
    `The folder ${join(folder, 'none')} does not exist`,
  );
});

test('explain and evidence fail for an unknown job', async () => {
  const { terminal } = recordingTerminal();
  const output = join(folder, 'job.json');
  await expect(evidenceCommand(5, { config, output }, terminal)).rejects.toThrow(
    'does not know a job with this id',
  );
  await expect(explainCommand(5, { config }, terminal)).rejects.toThrow('does not know a job with this id');
});
