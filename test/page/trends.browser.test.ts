/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage } from './page-browser.ts';
import { inBrowser, saying, seriousIssues, textOf } from './page-rig.ts';
import type { StagedDaemon } from './staged-daemon.ts';

/** One job that succeeded, one whose image is broken, and one that waits. */
function someWork(daemon: StagedDaemon): void {
  daemon.host('mini-1', []);
  const good = daemon.queue(1);
  for (let n = 0; n < 9; n += 1) daemon.next(good);
  daemon.send(good, { type: 'job.started' });
  daemon.send(good, { type: 'job.completed', conclusion: 'success', here: true });
  daemon.actors.send(good, {
    type: 'xstate.done.actor.watchRunner',
    output: { ended: 'exited', failure: null },
  } as never);
  daemon.tearDown(good);
  const bad = daemon.queue(2);
  daemon.next(bad);
  daemon.fail(bad, 'IMAGE_INVALID', 'The image asks for a disk of 10 TB.');
  daemon.queue(3);
}

const drawn = (page: Page) =>
  page.waitForFunction(() => document.querySelectorAll('trend-chart canvas').length === 5);

inBrowser((stage) => {
  test('queue, slots, waits, ends and failures are drawn, told in sentences, and in a table', async () => {
    await stage.withDaemon(async (daemon, clock) => {
      someWork(daemon);
      await clock.pass(60);
      const { page, complaints, asked } = await openPage(stage.browser(), `${daemon.url}/#/trends?range=1h`);
      await drawn(page);
      await saying(page, '[data-chart="ended"] figcaption', '1 job ended: 1 succeeded.');
      await saying(page, '[data-chart="waits"] figcaption', '1 job started, after a median of');
      await saying(page, '.causes', 'IMAGE_INVALID');
      expect(await textOf(page, '.causes tbody tr')).toMatch(/^IMAGE_INVALID ?the image ?1$/);
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await seriousIssues(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: 'light' });
      await page.getByText('The same figures as a table').click();
      expect(await page.locator('.figures tbody tr').count()).toBe(60);
      const painted = await page.locator('[data-chart="ended"] canvas').evaluate((canvas) => {
        const { width, height } = canvas as HTMLCanvasElement;
        const data = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data;
        return data?.some((value) => value !== 0);
      });
      expect(painted).toBe(true);
      expect(await seriousIssues(page)).toEqual([]);
      expect(complaints).toEqual([]);
      expect(asked.filter((address) => !address.startsWith(daemon.url))).toEqual([]);
    });
  });

  test('the range is in the address, and nothing overflows on a phone', async () => {
    await stage.withDaemon(async (daemon) => {
      someWork(daemon);
      const { page } = await openPage(stage.browser(), daemon.url, { width: 390, height: 844 });
      await page.getByRole('link', { name: 'Trends' }).click();
      await drawn(page);
      await saying(page, '.trends header', 'Each point is 20 min.');
      const before = await page.$('trend-chart canvas');
      await page.getByRole('link', { name: '7 days' }).click();
      await page.waitForURL(/#\/trends\?range=7d$/);
      await saying(page, '.trends header', 'Each point is 2 h.');
      await page.waitForFunction((canvas) => canvas?.isConnected === false, before);
      await drawn(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
      await page.waitForFunction(() => document.title.includes('Trends'));
      await page.goBack();
      await saying(page, '.trends header', 'Each point is 20 min.');
      // The library is loaded with the first chart, not with the page.
      await page.goto(`${daemon.url}/#/jobs`);
      await page.waitForSelector('main.of-jobs #jobs-title');
      expect(await page.locator('trend-chart').count()).toBe(0);
    });
  });

  test('in the past the trends end at that moment', async () => {
    await stage.withDaemon(
      async (daemon, clock) => {
        daemon.queue(7);
        await clock.pass(60);
        const before = daemon.clock.now();
        await clock.pass(180_000);
        for (const id of [8, 9]) daemon.queue(id);
        const { page } = await openPage(stage.browser(), `${daemon.url}/#/trends?range=1h`);
        await saying(page, '[data-chart="queue"] figcaption', '3 jobs waited at most at once');
        await page.goto(`${daemon.url}/#/trends?range=1h&at=${Math.round(before)}`);
        await saying(page, '[data-chart="queue"] figcaption', '1 job waited at most at once');
        await page.getByRole('button', { name: 'Live' }).click();
        await saying(page, '[data-chart="queue"] figcaption', '3 jobs waited at most at once');
      },
      { behind: 600_000 },
    );
  });
});
