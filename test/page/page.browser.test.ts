/// <reference lib="dom" />
import type { Browser } from 'playwright-core';
import { expect, test } from 'vitest';
import { TABS } from '../../src/page/jobs/tabs.js';
import { openPage } from './page-browser.ts';
import { inBrowser, saying, untilMark } from './page-rig.ts';

inBrowser((stage) => {
  test('a page that loses its connection continues from its last entry, and a reload shows the same', {
    timeout: 60_000,
  }, async () => {
    await stage.withDaemon(async (daemon) => {
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/jobs`);
      const key = daemon.queue(5);
      await saying(page, 'tr[data-job="5"] .state', 'queued');
      await daemon.interrupt(async () => {
        daemon.next(key);
        daemon.queue(6);
        const told = await page.waitForSelector('.banner[role=alert]');
        expect(await told.textContent()).toContain('The daemon does not respond.');
      });
      daemon.next(key);
      await saying(page, 'tr[data-job="6"] .state', 'queued');
      await page.waitForSelector('.banner', { state: 'detached' });
      await saying(page, 'tr[data-job="5"] .state', 'starting');
      await page.reload();
      await saying(page, 'tr[data-job="5"] .state', 'starting');
    });
  });

  test('the page loads nothing from elsewhere, and is shown within a second', async () => {
    await stage.withDaemon(async (daemon) => {
      daemon.queue(1);
      const { page, asked } = await openPage(stage.browser(), daemon.url);
      await page.waitForSelector('tr[data-job="1"]');
      expect(asked.length).toBeGreaterThan(10);
      expect(asked.filter((address) => !address.startsWith(daemon.url))).toEqual([]);
      const again = Date.now();
      await page.reload();
      await page.waitForSelector('tr[data-job="1"]');
      console.info(`from reload to the first job: ${Date.now() - again} ms`);
      for (const view of ['#/jobs', '#/hosts', '#/trends', '#/usage', '#/chart']) {
        await page.goto(`${daemon.url}/${view}`);
        await page.waitForSelector(HEADINGS[view] ?? 'no such view');
      }
      await untilMark(page, 1, 'queued');
      expect(asked.filter((address) => !address.startsWith(daemon.url))).toEqual([]);
    });
  });

  test('text from GitHub or a guest is shown as text everywhere', { timeout: 60_000 }, async () => {
    await stage.withDaemon(async (daemon) => {
      const evil = '"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
      const key = daemon.queue(66, {
        ...{ name: evil, workflow: evil, repository: evil, owner: evil, labels: [evil], profile: evil },
        ...{ branch: evil, commit: evil },
        url: 'javascript:window.hacked=1',
      });
      daemon.next(key);
      daemon.fail(key, 'HOST_UNREACHABLE', evil);
      daemon.host(evil, [{ name: evil, state: evil, ours: false }], { failure: evil, version: evil });
      daemon.dispatcher.unserved.observe(
        {
          ...{ source: 'poll', seenAt: 0, jobId: 67, runId: 1, runAttempt: 1, owner: evil, repository: evil },
          ...{
            workflow: evil,
            name: evil,
            url: 'javascript:window.hacked=1',
            labels: [evil],
            status: 'queued',
          },
          ...{ conclusion: null, queuedAt: 0, runnerId: null, runnerName: null },
        } as never,
        false,
        false,
      );
      daemon.store.evidence.put({
        ...{ jobId: 66, attempt: 1, at: Date.now(), vmName: evil, host: evil, agentEvents: [{ evil }] },
        ...{ screen: evil, logs: { [evil]: evil }, hostLook: null, missing: [evil] },
      });
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/job/66`);
      await page.waitForSelector('#job-title');
      expect(await page.locator('tr[data-job="66"] .title').textContent()).toBe(evil);
      const look = async () => {
        await page.evaluate(() => {
          for (const details of document.querySelectorAll('details')) details.open = true;
        });
        expect(await page.evaluate(() => (window as never as { hacked?: number }).hacked)).toBeUndefined();
        expect(
          await page.evaluate(() =>
            [...document.querySelectorAll('a')].map((a) => a.href).filter((href) => !href.startsWith('http')),
          ),
        ).toEqual([]);
        expect(await page.locator('img[onerror], #app script').count()).toBe(0);
      };
      for (const [tab] of TABS) {
        await page.click(`#tab-${tab}`);
        await page.waitForSelector(`#job-tab[aria-labelledby="tab-${tab}"]`);
        await look();
      }
      await page.click('#tab-evidence');
      await page.waitForSelector('.kept');
      await page.click('button.danger');
      await page.waitForSelector('dialog[open]');
      await look();
      await page.keyboard.press('Escape');
      await page.goto(`${daemon.url}/#/`);
      await page.waitForSelector('main.of-overview .not-ours');
      await look();
      await page.goto(`${daemon.url}/#/hosts`);
      await page.waitForSelector('main.of-hosts li.host');
      await look();
      for (const by of ['repository', 'profile', 'host']) {
        await page.goto(`${daemon.url}/#/usage?by=${by}`);
        await saying(page, 'main.of-usage thead th', `${by.charAt(0).toUpperCase()}${by.slice(1)}`);
        await look();
      }
      await page.goto(`${daemon.url}/#/chart?job=66`);
      await page.click('.box[data-path="creating"] > text.name');
      await page.waitForSelector('#state-title');
      await look();
      // If a script got through, the policy would not run it.
      await page.evaluate(async () => {
        const inline = document.createElement('div');
        inline.innerHTML = '<img src=x onerror="window.hacked=1">';
        const fails = new Promise((resolve) => inline.addEventListener('error', resolve, true));
        document.body.append(inline);
        await fails;
      });
      expect(await page.evaluate(() => (window as never as { hacked?: number }).hacked)).toBeUndefined();
    });
  });

  test('with no job, with one job and on a phone nothing overflows to the side', {
    timeout: 60_000,
  }, async () => {
    await stage.withDaemon(async (daemon) => {
      for (const width of [390, 1280]) await noViewOverflows(stage.browser(), daemon.url, width, '#/jobs');
      daemon.queue(2, { name: 'A very long name of a job that somebody thought to be funny '.repeat(4) });
      for (const width of [390, 1280]) {
        await noViewOverflows(stage.browser(), daemon.url, width, '#/job/2');
        await noViewOverflows(stage.browser(), daemon.url, width, '#/job/2/sequence');
      }
    });
  });
});

/** What is only in the view of an address. */
const HEADINGS: Record<string, string> = {
  '#/': 'main.of-overview #service-title',
  '#/jobs': 'main.of-jobs #jobs-title',
  '#/job/2': 'main.of-job #job-tab',
  '#/job/2/sequence': 'main.of-job .sequence',
  '#/hosts': 'main.of-hosts #hosts-title',
  '#/trends': 'main.of-trends trend-chart',
  '#/usage': 'main.of-usage :is(table, .empty)',
  '#/chart': 'main.of-chart #chart',
};

async function noViewOverflows(browser: Browser, url: string, width: number, list: string): Promise<void> {
  const { page } = await openPage(browser, url, { width });
  for (const view of ['#/', list, '#/hosts', '#/trends', '#/usage', '#/chart']) {
    await page.goto(`${url}/${view}`);
    await page.waitForSelector(HEADINGS[view] ?? 'no such view');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide, `${view} at ${width}`).toBeLessThanOrEqual(width);
  }
  await untilMark(page, 2, list === '#/jobs' ? null : 'queued');
  await page.close();
}
