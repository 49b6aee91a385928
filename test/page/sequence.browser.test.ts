/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage } from './page-browser.ts';
import { inBrowser } from './page-rig.ts';

const present = (page: Page) => page.locator('.sequence .event.present .said > p').textContent();
const untilPresent = (page: Page, words: string) =>
  page.waitForFunction(
    (text) => document.querySelector('.sequence .event.present')?.textContent?.includes(text),
    words,
  );

inBrowser((stage) => {
  test('steps by button and key move page and chart, and the present follows new events', {
    timeout: 60_000,
  }, async () => {
    await stage.withDaemon(
      async (daemon, clock) => {
        const key = daemon.queue(7);
        for (let n = 0; n < 3; n += 1) {
          await clock.pass(1_000);
          daemon.next(key);
        }
        await clock.pass(1_000);
        daemon.host('mini-1', [], { failure: 'It did not answer.' }, 'unreachable');
        const { page, complaints } = await openPage(stage.browser(), `${daemon.url}/#/job/7/sequence`);
        await untilPresent(page, 'Host mini-1: unreachable: It did not answer.');
        const lanes = await page.locator('.lane-names span').allTextContents();
        expect(lanes).toEqual(['GitHub', 'Daemon', 'Job', 'Host mini-1']);
        expect(await page.locator('.sequence .event').count()).toBe(5);
        for (const width of [1280, 1000]) {
          await page.setViewportSize({ width, height: 800 });
          const beyond = await page
            .locator('.sequence .rows')
            .evaluate((rows) => rows.scrollWidth - rows.clientWidth);
          expect(beyond, `pixels at ${width}`).toBe(0);
        }

        await page.getByRole('button', { name: '← Previous' }).click();
        await untilPresent(page, 'Starting the VM succeeded. State: sshReady.');
        await page.waitForSelector('.timebar.past');
        expect(await page.locator('.sequence .event.present .said .unseen').textContent()).toContain(
          '(Host mini-1 to Job)',
        );
        await page.keyboard.press('k');
        await untilPresent(page, 'Creating the VM succeeded');
        await page.waitForFunction(() =>
          document.querySelector('.verdict')?.textContent?.includes('powered on'),
        );
        await page.keyboard.press('ArrowLeft');
        await untilPresent(page, 'It got a slot');
        expect(await page.locator('.sequence .event.later').count()).toBe(3);

        // A new event does not move a page that shows the past.
        await clock.pass(1_000);
        daemon.next(key);
        await page.waitForFunction(() => document.querySelectorAll('.sequence .event').length === 6);
        expect(await present(page)).toContain('It got a slot');
        await page.keyboard.press('ArrowRight');
        await untilPresent(page, 'Creating the VM succeeded');
        for (let n = 0; n < 4; n += 1) await page.keyboard.press('j');
        await untilPresent(page, 'Connecting to the guest succeeded. State: probing.');
        await page.waitForSelector('.timebar:not(.past)');
        daemon.next(key);
        await untilPresent(page, 'Checking the guest succeeded. State: jitConfig.');
        expect(complaints).toEqual([]);
      },
      { behind: 20_000 },
    );
  });
});
