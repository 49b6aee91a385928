/// <reference lib="dom" />
import { expect, test } from 'vitest';
import { decideHealth } from '../../src/health/decide-health.ts';
import { breakerOf, factsOf } from '../health/health-rig.ts';
import { openPage } from './page-browser.ts';
import { inBrowser, saying, seriousIssues, untilMark } from './page-rig.ts';

inBrowser((stage) => {
  test('the skip link leads to the list, so that the first job is a few Tabs away', async () => {
    await stage.withDaemon(async (daemon) => {
      daemon.health = decideHealth(factsOf({ breakers: [breakerOf('pull', 'ghcr.io for ios')] }));
      for (let id = 1; id <= 30; id += 1) daemon.queue(id);
      const { page } = await openPage(stage.browser(), daemon.url);
      await page.waitForSelector('tr[data-job="1"]');
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
      expect(
        await page.locator('.skip').evaluate((one) => one.getBoundingClientRect().top),
      ).toBeGreaterThanOrEqual(0);
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.closest('tr')?.dataset.job)).toBe('1');
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.activeElement?.id === 'job-title');
      await page.keyboard.press('Escape');
      await page.waitForFunction(() => document.activeElement?.closest('tr')?.dataset.job === '1');
      // Without the skip link, too, nothing has to be passed that does not lead anywhere.
      await page.goto(`${daemon.url}/#/jobs`);
      await page.reload();
      await page.waitForSelector('tr[data-job="1"]');
      let tabs = 0;
      while (tabs < 40 && !(await page.evaluate(() => document.activeElement?.closest('tr[data-job]')))) {
        await page.keyboard.press('Tab');
        tabs += 1;
      }
      expect(tabs).toBeLessThanOrEqual(18);
    });
  });

  test('after navigation the heading of the view has the focus', async () => {
    await stage.withDaemon(async (daemon) => {
      const { page } = await openPage(stage.browser(), daemon.url);
      for (const [link, heading] of [
        ['Hosts', 'Hosts'],
        ['Trends', 'Trends'],
        ['Usage', 'Usage'],
        ['Chart', 'Chart'],
        ['Jobs', 'Jobs'],
        ['Overview', 'Jobs are served. Nothing needs you.'],
      ]) {
        await page
          .getByRole('navigation')
          .getByRole('link', { name: link ?? '', exact: true })
          .focus();
        await page.keyboard.press('Enter');
        await page.waitForFunction((text) => {
          const { tagName, textContent } = document.activeElement ?? {};
          return tagName === 'H2' && textContent?.trim() === text;
        }, heading);
      }
      expect(await page.locator('nav [aria-current="page"]').textContent()).toBe('Overview');
    });
  });

  test('a state, a job and the past can be reached by keyboard alone', async () => {
    await stage.withDaemon(async (daemon) => {
      const key = daemon.queue(3);
      daemon.next(key);
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/chart`);
      await untilMark(page, 3, 'creating.acting');
      const focused = () =>
        page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset.path ?? '');
      for (let n = 0; n < 40 && (await focused()) !== 'queued'; n += 1) await page.keyboard.press('Tab');
      await page.keyboard.press('ArrowRight');
      const way = () =>
        page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset.way ?? '');
      expect(await way()).toBe('queued creating');
      expect(await page.locator('.way-card').textContent()).toContain('slot.granted');
      await page.keyboard.press('ArrowRight');
      expect(await focused()).toBe('creating');
      expect(await page.getByRole('button', { name: /^creating, 1 job/ }).count()).toBe(1);
      await page.keyboard.press('Enter');
      await page.waitForSelector('#state-title');
      await page.keyboard.press('Escape');
      await page.waitForSelector('#state-title', { state: 'detached' });
      await page.goto(`${daemon.url}/#/`);
      await page.waitForSelector('tr[data-job="3"]');
      await page.keyboard.press('/');
      await page.keyboard.type('job 3');
      const isAtJob = () => page.evaluate(() => document.activeElement?.matches('a.title'));
      for (let n = 0; n < 10 && !(await isAtJob()); n += 1) await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#job-title');
      await page.locator('#scrubber').focus();
      await page.keyboard.press('ArrowLeft');
      await page.waitForSelector('.timebar.past');
    });
  });

  test('axe finds nothing serious on any view, in light and dark, with a dialog, on a phone', {
    timeout: 180_000,
  }, async () => {
    await stage.withDaemon(async (daemon) => {
      daemon.host('mini-1', [{ name: 'stranger', state: 'running', ours: false }]);
      const key = daemon.queue(9);
      daemon.next(key);
      daemon.fail(key, 'HOST_UNREACHABLE', 'The host did not answer.', Date.now() + 60_000);
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const width of [1280, 390]) {
          const { page } = await openPage(stage.browser(), daemon.url, { colorScheme, width, height: 2000 });
          const check = async (what: string) =>
            expect(await seriousIssues(page), `${what}, ${colorScheme}, ${width}`).toEqual([]);
          daemon.health = decideHealth(factsOf());
          await saying(page, '.service', 'Jobs are served');
          await check('overview');
          daemon.health = decideHealth(factsOf({ breakers: [breakerOf('github', '')] }));
          await saying(page, '.service', 'No job can be served');
          await check('overview with trouble');
          await page.goto(`${daemon.url}/#/job/9`);
          await page.waitForSelector('.story li');
          await check('job');
          await page.click('button.danger');
          await page.waitForSelector('dialog[open]');
          await check('dialog');
          await page.keyboard.press('Escape');
          await page.goto(`${daemon.url}/#/hosts`);
          await page.waitForSelector('main.of-hosts li.host');
          await check('hosts');
          await page.goto(`${daemon.url}/#/usage`);
          await page.waitForSelector('.usage tbody tr');
          await check('usage');
          await page.goto(`${daemon.url}/#/chart?job=9`);
          await page.click('.box[data-path="creating"] > text.name');
          await page.waitForSelector('#state-title');
          await check('chart');
          await page.close();
        }
      }
    });
  });
});
