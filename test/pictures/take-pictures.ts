import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { failure } from '../../machines/failure.ts';
import { decideHealth } from '../../src/health/decide-health.ts';
import { breakerOf, factsOf } from '../health/health-rig.ts';
import { launchBrowser, openPage, whyNoBrowser } from '../page/page-browser.ts';
import { StagedDaemon } from '../page/staged-daemon.ts';
import { StagedMacs } from '../page/staged-macs.ts';
import { GOOD_HEALTH } from '../support/good-health.ts';
import { PictureClock } from './picture-clock.ts';
import { takeSituations } from './take-situations.ts';
import { Workday } from './workday.ts';

/**
 * `npm run pictures`: makes the page's pictures in docs/images with a staged daemon, from the same events
 * each time, and those in docs/images/situations with a whole daemon in simulated worlds. `npm run pictures --
 * situations` makes only the second ones; names of situations after that make only those.
 */
const FOLDER = join(import.meta.dirname, '../../docs/images');
const TROUBLE = {
  state: 'probing.acting',
  code: 'GUEST_TOOL_MISSING',
  message: 'The image has no ~/actions-runner/run.sh: install the runner there, or set runner.install_path.',
} as const;

async function day(hours: number) {
  const clock = new PictureClock(hours * 3_600_000);
  const macs = new StagedMacs(['mini-1', 'mini-2', 'studio-1']);
  const daemon = await StagedDaemon.start(null, { clock, macs });
  daemon.limits.note(
    {
      ...{ 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4312', 'x-ratelimit-resource': 'core' },
      'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + 1_500),
    },
    Date.now(),
  );
  return { daemon, macs, clock, work: new Workday(daemon, macs, clock) };
}

/** A day with finished jobs, one that was lost, six that run and three that wait. */
async function busyDay() {
  const staged = await day(2.2);
  const { macs, work } = staged;
  macs.strangers.set('studio-1', [
    { id: 's', name: 'sequoia-dev', state: 'running', createdAt: Date.now() - 5e6 },
  ]);
  for (let n = 0; n < 12; n += 1) {
    await work.queue(3 + (n % 5) * 2);
    await work.pass(4);
    if (n === 4) macs.trouble.set('mini-2', 'connect ECONNREFUSED 192.168.1.21:8011');
    if (n === 5) macs.trouble.delete('mini-2');
  }
  const lost = await work.queue(30);
  await work.pass(4);
  staged.daemon.send(String(lost), { type: 'job.started' });
  staged.daemon.send(String(lost), { type: 'vm.vanished' });
  await work.pass(1);
  await work.queue(5, TROUBLE);
  await work.pass(24);
  for (const minutes of [30, 25, 40, 20]) {
    await work.queue(minutes);
    await work.pass(2.5);
  }
  await work.queue(10);
  await work.pass(0.6);
  for (let n = 0; n < 3; n += 1) await work.queue(10);
  await work.pass(0.3);
  await staged.clock.pass(0);
  return { ...staged, lost };
}

async function shoot(page: Page, name: string): Promise<void> {
  const path = join(FOLDER, `${name}.png`);
  await page.waitForTimeout(3_200);
  await page.mouse.move(2, 2);
  await page.screenshot({ path });
  console.log(`${name}.png: ${Math.round(statSync(path).size / 1024)} KB`);
}

async function open(browser: Browser, url: string, options: Parameters<typeof openPage>[2] = {}) {
  const { page, complaints } = await openPage(browser, url, { width: 1280, height: 800, ...options });
  if (complaints.length > 0) throw new Error(`the page complains: ${complaints.join('; ')}`);
  return page;
}

async function takeAll(browser: Browser): Promise<void> {
  const empty = await day(0.2);
  await empty.work.pass(5);
  const page = await open(browser, empty.daemon.url);
  await shoot(page, 'empty');
  await empty.work.queue(10);
  await empty.work.pass(1.2);
  await page.reload();
  await shoot(page, 'one-job');
  await empty.daemon.close();
  await page.waitForTimeout(6_000);
  await shoot(page, 'connection-lost');
  await page.close();

  const { daemon, lost, work } = await busyDay();
  const { url } = daemon;
  await shoot(await open(browser, url), 'overview-light');
  await shoot(await open(browser, url, { colorScheme: 'dark' }), 'overview-dark');
  await shoot(await open(browser, `${url}/#/job/${lost}`, { height: 1000 }), 'job-failed');
  const sequence = await open(browser, `${url}/#/job/${lost}/sequence`, { height: 1000 });
  await sequence.locator('.tabs').evaluate((tabs) => tabs.scrollIntoView());
  await shoot(sequence, 'sequence');
  await shoot(await open(browser, `${url}/#/trends?range=1h`, { height: 1000 }), 'trends');
  const chart = await open(browser, `${url}/#/chart?job=${lost}`, { height: 1000 });
  await chart.waitForSelector('svg#chart');
  await shoot(chart, 'chart');
  const refused = { ...breakerOf('pull', 'ghcr.io for macos-15-xl'), openedAt: daemon.clock.now() - 240_000 };
  const lastFailure = failure(
    'IMAGE_PULL_FAILED',
    'the registry returned 403: the host has no right to read the image',
  );
  daemon.health = decideHealth(factsOf({ breakers: [{ ...refused, lastFailure }] }));
  await shoot(await open(browser, url), 'trouble');
  await shoot(await open(browser, url, { width: 390, height: 844 }), 'phone');
  daemon.health = GOOD_HEALTH;
  for (let n = 0; n < 490; n += 1) await work.queue(10);
  await shoot(await open(browser, daemon.url), '500-jobs');
  await daemon.close();
}

if (whyNoBrowser) throw new Error(`No pictures: ${whyNoBrowser}`);
mkdirSync(FOLDER, { recursive: true });
const browser = await launchBrowser();
try {
  const [what, ...names] = process.argv.slice(2);
  if (what !== 'situations') await takeAll(browser);
  await takeSituations(browser, join(FOLDER, 'situations'), names);
} finally {
  await browser.close();
}
process.exit(0);
