/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage } from './page-browser.ts';
import { inBrowser, saying, seriousIssues } from './page-rig.ts';
import type { StagedDaemon } from './staged-daemon.ts';

const RUNNING = 9;

function running(daemon: StagedDaemon, id = 5): string {
  const key = daemon.queue(id);
  for (let n = 0; n < RUNNING; n += 1) daemon.next(key);
  return key;
}

const screenIsDrawn = (page: Page) =>
  page.waitForFunction(() => document.querySelector<HTMLImageElement>('.look img')?.naturalWidth === 1);

inBrowser((stage) => {
  test('log and screen of a VM are asked for with a button, say when they were taken, and can be refreshed', async () => {
    await stage.withDaemon(async (daemon) => {
      running(daemon);
      const { page, asked } = await openPage(stage.browser(), `${daemon.url}/#/job/5/look`);
      await page.getByRole('button', { name: 'Show the log' }).waitFor();
      expect(asked.filter((address) => /\/(log|screen)$/.test(address))).toEqual([]);
      await page.getByRole('button', { name: 'Show the log' }).click();
      await saying(page, '.look pre', 'Listening for Jobs');
      await page
        .getByText(/^The last lines in gh-1, as they were at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.$/)
        .waitFor();
      await page.getByRole('button', { name: 'Show the screen' }).click();
      await screenIsDrawn(page);
      await page.getByRole('img', { name: /^The screen of gh-default-5-1 at \d{4}-/ }).waitFor();
      daemon.look.log = async () => ({ vmName: 'gh-1', runnerName: 'gh-1', text: 'Running job: build' });
      const refresh = page.getByRole('button', { name: 'Refresh' }).first();
      await refresh.focus();
      await page.keyboard.press('Enter');
      await saying(page, '.look pre', 'Running job: build');
      expect(await refresh.evaluate((one) => one === document.activeElement)).toBe(true);
      await page.getByRole('button', { name: 'Full size' }).click();
      await page.waitForSelector('.look .full img');
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await seriousIssues(page)).toEqual([]);
      }
      const entries = await (await fetch(`${daemon.url}/api/jobs/5/journal`)).text();
      expect(entries).not.toContain('Running job: build');
    });
  });

  test('a guest that is silent is told in one sentence, beside what was seen before', async () => {
    await stage.withDaemon(async (daemon) => {
      running(daemon);
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/job/5/look`);
      await page.getByRole('button', { name: 'Show the log' }).click();
      await saying(page, '.look pre', 'Listening for Jobs');
      daemon.look.log = async () => Promise.reject(new Error('The guest did not respond within 10 s.'));
      await page.getByRole('button', { name: 'Refresh' }).click();
      await page.getByRole('status').getByText('The guest did not respond within 10 s.').waitFor();
      expect(await page.locator('.look pre').textContent()).toBe('Listening for Jobs');
    });
  });

  test('a job that is over shows what was kept of its VM, and asks nobody', async () => {
    await stage.withDaemon(async (daemon) => {
      const key = running(daemon);
      daemon.send(key, { type: 'job.completed', conclusion: 'failure', here: true });
      daemon.actors.send(key, {
        type: 'xstate.done.actor.watchRunner',
        output: { ended: 'exited', failure: null },
      } as never);
      daemon.tearDown(key);
      daemon.store.evidence.put({
        ...{ jobId: 5, attempt: 1, at: daemon.clock.now(), vmName: 'gh-1', host: 'mini-1', agentEvents: [] },
        ...{ screen: null, logs: { 'runner.log': 'its last words' }, hostLook: null, missing: [] },
      } as never);
      const { page, asked } = await openPage(stage.browser(), `${daemon.url}/#/job/5/look`);
      await saying(page, '.look', 'Its VM is removed.');
      await saying(page, '.look .kept', 'its last words');
      expect(await page.locator('.look button').count()).toBe(0);
      expect(asked.filter((address) => /\/(log|screen)$/.test(address))).toEqual([]);
    });
  });

  test('a reader is told why, and sees nothing that was kept', async () => {
    await stage.withDaemon(
      async (daemon) => {
        running(daemon);
        const { page } = await openPage(stage.browser(), `${daemon.url}/#/job/5/look`);
        await page.fill('#token', 'a-read-token');
        await page.click('button[type=submit]');
        await saying(page, '.look', 'Log and screen need the admin token');
        expect(await page.locator('.look button, .look .kept').count()).toBe(0);
      },
      { admin: 's3cret-admin-token', read: 'a-read-token' },
    );
  });
});
