/// <reference lib="dom" />
import { expect, test } from 'vitest';
import { openPage } from './page-browser.ts';
import { inBrowser, saying } from './page-rig.ts';

const row = {
  ...{
    version: '0.1.0',
    digest: 'abc',
    hosts: ['mini-1'],
    labels: ['macos-15'],
    adminUrl: '',
    refusal: null,
  },
  ...{ epoch: null, seenAgo: 300, isGone: false },
};

inBrowser((stage) => {
  test('a daemon that is alone has no strip and no mark', { timeout: 60_000 }, async () => {
    await stage.withDaemon(async (daemon) => {
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/`);
      await page.waitForSelector('.timebar');
      expect(await page.locator('aside.controllers, .take-overs').count()).toBe(0);
    });
  });

  test('the strip follows the controllers, and the time line marks each take-over', {
    timeout: 60_000,
  }, async () => {
    await stage.withDaemon(async (daemon, clock) => {
      const since = clock.now();
      const active = {
        ...row,
        id: 'a',
        name: 'studio-1, process 7',
        role: 'active' as const,
        epoch: 7,
        since,
      };
      const other = { ...row, id: 'b', name: 'studio-2, process 9', role: 'standby' as const, since };
      daemon.controllers = [active, other];
      daemon.takeOver('studio-1, process 7', '', 7);
      await clock.pass(1_000);
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/`);
      await saying(page, '.controllers', 'studio-1, process 7 is active since');
      await saying(page, '.controllers', 'studio-2, process 9 stands by');

      daemon.takeOver('studio-2, process 9', 'studio-1, process 7', 8);
      const then = clock.now();
      daemon.controllers = [
        { ...other, role: 'active', epoch: 8, since: then },
        { ...active, role: 'standby', epoch: null, isGone: true },
      ];
      await clock.pass(800);
      await saying(page, '.controllers', 'studio-2, process 9 is active since');
      await saying(page, '.controllers', '1 controller is gone');
      await page.waitForFunction(() => document.querySelectorAll('.take-overs rect').length === 2);
      const marks = page.locator('.take-overs');
      expect(await marks.getAttribute('aria-label')).toMatch(
        /^2 take-overs\. \d\d:\d\d:\d\d: studio-1, process 7 is the active controller \(epoch 7\)\. .*: studio-2, process 9 is the active controller after studio-1, process 7 \(epoch 8\)$/,
      );

      await page.locator('.take-overs rect').last().click();
      await page.waitForSelector('.timebar.past');
      const shown = Number(await page.locator('#scrubber').inputValue());
      // The scrubber has steps of 100 ms.
      expect(Math.abs(shown - then)).toBeLessThanOrEqual(100);
      // The mark is where the thumb of the scrubber is at that moment.
      const apart = await page.evaluate(() => {
        const scrubber = document.getElementById('scrubber') as HTMLInputElement;
        const { left, width } = scrubber.getBoundingClientRect();
        const part =
          (Number(scrubber.value) - Number(scrubber.min)) / (Number(scrubber.max) - Number(scrubber.min));
        const thumb = left + 8 + part * (width - 16);
        const mark = [...document.querySelectorAll('.take-overs rect')].at(-1)?.getBoundingClientRect();
        return mark ? Math.abs(mark.left + mark.width / 2 - thumb) : null;
      });
      expect(apart).toBeLessThan(8);
    });
  });
});
