/// <reference lib="dom" />
import { expect, test } from 'vitest';
import { observation } from '../store/records.ts';
import { openPage } from './page-browser.ts';
import { inBrowser, saying, textOf, untilMark } from './page-rig.ts';

inBrowser((stage) => {
  test('the scrubber shows list and job of a past moment, a link keeps it, and live returns to now', {
    timeout: 60_000,
  }, async () => {
    await stage.withDaemon(async (daemon, clock) => {
      const key = daemon.queue(7);
      daemon.next(key);
      daemon.next(key);
      await clock.pass(1_000);
      const then = clock.now();
      await clock.pass(1_000);
      daemon.fail(key, 'VM_START_FAILED', 'It did not start.');
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/job/7?at=${then}`);
      await page.waitForSelector('.timebar.past');
      await page.waitForFunction(() => document.querySelectorAll('.story li.step').length === 3);
      expect(await page.locator('.verdict').textContent()).not.toContain('VM_START_FAILED');
      expect(await page.locator('tr[data-job="7"] .state').textContent()).toBe('starting');
      await page.reload();
      await page.waitForSelector('.timebar.past');
      await page.click('button.live');
      await page.waitForURL(/#\/job\/7$/);
      await saying(page, '.verdict', 'VM_START_FAILED');
      // The moment of the first entry, set with the scrubber itself.
      await page.evaluate((at) => {
        const scrubber = document.getElementById('scrubber') as HTMLInputElement;
        scrubber.value = String(at);
        scrubber.dispatchEvent(new Event('input', { bubbles: true }));
      }, then);
      await saying(page, 'tr[data-job="7"] .state', 'starting');
      await page.selectOption('.timebar select', '10');
      await page.click('.timebar .play');
      await saying(page, '.verdict', 'VM_START_FAILED');
      await page.goto(`${daemon.url}/#/chart?at=${then}`);
      await untilMark(page, 7, 'starting.acting');
      await page.click('button.live');
      await untilMark(page, 7, 'tearingDown.vm.acting, tearingDown.runner.gone, tearingDown.job.gone');
    });
  });

  test('for a past moment, sources and hosts are shown from the journal', { timeout: 60_000 }, async () => {
    await stage.withDaemon(async (daemon, clock) => {
      daemon.host('mini-1', []);
      await clock.pass(1_000);
      const calm = clock.now();
      await clock.pass(1_000);
      daemon.webhooks.delivered({ ...observation(5), queuedAt: Date.now() }, null);
      for (const id of [1, 2, 3]) {
        const key = daemon.queue(id);
        daemon.next(key);
        daemon.fail(key, 'VM_CREATE_FAILED', 'The agent is wedged.');
      }
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/hosts`);
      await saying(page, '.sources', 'The agent is wedged.');
      await saying(page, '.sources', 'trusted');
      await page.goto(`${daemon.url}/#/hosts?at=${calm}`);
      await page.waitForSelector('.timebar.past');
      await saying(page, '.sources', 'silent');
      expect(await page.locator('.sources').textContent()).not.toContain('wedged');
      expect(await page.locator('.hosts button:not(.slot)').count()).toBe(0);
      await page.click('button.live');
      await saying(page, '.sources', 'The agent is wedged.');
      await page.getByRole('button', { name: 'Cordon' }).waitFor();
    });
  });

  test('the past shows its own trouble, no figures of today, and offers no order', {
    timeout: 60_000,
  }, async () => {
    await stage.withDaemon(async (daemon, clock) => {
      const before = clock.now();
      await clock.pass(500);
      daemon.host('mini-1', [], { failure: 'It did not answer.' }, 'unreachable');
      const key = daemon.queue(7, { name: 'build' });
      daemon.next(key);
      await clock.pass(500);
      const then = clock.now();
      await clock.pass(500);
      daemon.host('mini-1', [], {}, 'healthy');
      daemon.next(key);
      daemon.fail(key, 'VM_START_FAILED', 'It did not start.');
      daemon.store.evidence.put({
        ...{ jobId: 7, attempt: 1, at: clock.now(), vmName: 'vm-7', host: 'mini-1', agentEvents: [] },
        ...{ screen: null, logs: { runner: 'later' }, hostLook: null, missing: [] },
      } as never);
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/job/7`);
      await saying(page, '#tab-evidence', 'Evidence 1');
      await saying(page, '.waterfall', 'creating');
      const median = '.waterfall tr:has(th:text-is("creating")) td:last-child';
      await page.locator(median).filter({ hasText: /\d/ }).first().waitFor();

      await page.goto(`${daemon.url}/#/job/7?at=${then}`);
      await page.waitForSelector('.timebar.past');
      await saying(page, '.verdict', 'Its VM is being made');
      expect((await page.locator(median).first().textContent())?.trim()).toBe('');
      expect(await page.locator('.job .actions button').allTextContents()).toEqual(['Evidence file']);
      expect(await textOf(page, '#tab-evidence')).toBe('Evidence');

      await page.goto(`${daemon.url}/#/chart?at=${then}`);
      await untilMark(page, 7, 'creating.acting');
      expect(await page.locator('.box .figures').allTextContents()).not.toContainEqual(
        expect.stringMatching(/\d/),
      );
      expect(await page.locator('.box .failures').count()).toBe(0);

      await page.goto(`${daemon.url}/#/?at=${then}`);
      await saying(page, '.service', 'This is what was true at');
      await saying(page, '.attention', 'It is unreachable: It did not answer.');
      expect(await textOf(page, '.stop[data-state="creating"] .count')).toBe('1');

      await page.goto(`${daemon.url}/#/?at=${before}`);
      await saying(page, '.jobs .empty', 'At this moment no job was queued, and none had ended before it');
      await page.click('button.live');
      await saying(page, '.service', 'Jobs are served. Nothing needs you.');
    });
  });
});
