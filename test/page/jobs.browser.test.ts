/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage } from './page-browser.ts';
import { inBrowser, saying, textOf } from './page-rig.ts';
import type { StagedDaemon } from './staged-daemon.ts';

const rows = (page: Page) =>
  page
    .locator('tr[data-job]')
    .evaluateAll((all) => all.map((row) => Number((row as HTMLElement).dataset.job)));

/** A job that its own step failed, one that is served and one that waits. */
function threeJobs(daemon: StagedDaemon) {
  const failed = daemon.queue(1, { name: 'unit tests' });
  for (let n = 0; n < 9; n += 1) daemon.next(failed);
  daemon.send(failed, { type: 'job.completed', conclusion: 'failure', here: true });
  daemon.actors.send(failed, {
    type: 'xstate.done.actor.watchRunner',
    output: { ended: 'exited', failure: null },
  } as never);
  daemon.tearDown(failed);
  daemon.next(daemon.queue(2, { name: 'archive' }));
  daemon.queue(3, { name: 'lint' });
}

function notOurs(daemon: StagedDaemon) {
  daemon.dispatcher.unserved.observe(
    {
      ...{ source: 'poll', seenAt: 0, jobId: 67, runId: 1, runAttempt: 1, owner: 'octo', repository: 'web' },
      ...{ workflow: 'ci', name: 'deploy', url: 'https://github.com/octo/web', labels: ['ubuntu'] },
      ...{ status: 'queued', conclusion: null, queuedAt: Date.now(), runnerId: null, runnerName: null },
    } as never,
    false,
    false,
  );
}

inBrowser((stage) => {
  test('filter and search are in the address, and the back button undoes them', {
    timeout: 60_000,
  }, async () => {
    await stage.withDaemon(async (daemon) => {
      threeJobs(daemon);
      const { page } = await openPage(stage.browser(), daemon.url);
      await page.waitForSelector('tr[data-job="3"]');
      await page.getByRole('link', { name: /^Failed or lost 1$/ }).click();
      await page.waitForURL(/#\/jobs\?filter=failed$/);
      await page.waitForFunction(() => document.querySelectorAll('tr[data-job]').length === 1);
      expect(await rows(page)).toEqual([1]);
      await page.goBack();
      await page.waitForSelector('.service');
      await page.keyboard.press('/');
      await page.keyboard.type('archi');
      await page.waitForURL(/#\/jobs\?q=archi$/);
      await page.waitForFunction(() => document.querySelectorAll('tr[data-job]').length === 1);
      expect(await rows(page)).toEqual([2]);
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('search');
      // One step of the history for the whole word.
      await page.goBack();
      await page.waitForSelector('.service');
      await page.goto(`${daemon.url}/#/jobs?filter=live&q=lint`);
      await page.waitForFunction(() => document.querySelectorAll('tr[data-job]').length === 1);
      expect([await rows(page), await page.inputValue('#search')]).toEqual([[3], 'lint']);
    });
  });

  test('the list stays beside the job on a desk, and a phone shows one after the other', {
    timeout: 60_000,
  }, async () => {
    await stage.withDaemon(async (daemon) => {
      threeJobs(daemon);
      for (const width of [1280, 390]) {
        const { page } = await openPage(stage.browser(), `${daemon.url}/#/jobs?filter=live`, { width });
        await page.getByRole('link', { name: 'archive', exact: true }).click();
        await page.waitForURL(/#\/job\/2\?filter=live$/);
        await saying(page, '#job-title', 'archive');
        expect(await page.locator('#jobs-title').isVisible()).toBe(width === 1280);
        await page.waitForFunction(() => document.activeElement?.id === 'job-title');
        expect(await page.evaluate(() => scrollY)).toBe(0);
        if (width === 1280) {
          expect(await rows(page)).toEqual([2, 3]);
          expect(await page.locator('tr.chosen').getAttribute('data-job')).toBe('2');
          await page.getByRole('link', { name: 'lint', exact: true }).click();
          await saying(page, '#job-title', 'lint');
          await page.goBack();
          await saying(page, '#job-title', 'archive');
          await page.getByRole('link', { name: 'Close the job' }).click();
        } else await page.getByRole('link', { name: '‹ Jobs' }).click();
        await page.waitForURL(/#\/jobs\?filter=live$/);
        // The row of the job that was closed has the focus.
        await page.waitForFunction(() => document.activeElement?.textContent === 'archive');
        await page.close();
      }
    });
  });

  test('a job says for which commit and branch it runs and who started it, with links, and can be found by them', async () => {
    await stage.withDaemon(async (daemon) => {
      daemon.queue(5, { branch: 'release/2.4', url: 'https://github.test/octo/app/actions/runs/1/job/5' });
      daemon.queue(6);
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/job/5?q=release`);
      await saying(page, '.origin', 'by ada');
      expect(await textOf(page, '.origin')).toBe('branch release/2.4 commit 3f2a1bc by ada');
      expect(
        await page
          .locator('.origin a')
          .evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).pathname)),
      ).toEqual(['/octo/app/actions', '/octo/app/commit/3f2a1bc9d04e5a6b7c8d9e0f1a2b3c4d5e6f7a8b', '/ada']);
      expect(await rows(page)).toEqual([5]);
    });
  });

  test('a job says why, who must act, what is next and what it waits for', async () => {
    await stage.withDaemon(async (daemon) => {
      const key = daemon.queue(5);
      daemon.next(key);
      daemon.fail(key, 'HOST_UNREACHABLE', 'It did not answer.', Date.now() + 60_000);
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/job/5`);
      await saying(page, '.verdict', 'HOST_UNREACHABLE: It did not answer.');
      const facts = await textOf(page, '.verdict dl');
      expect(facts).toContain('Who must act the operator of the Mac and its agent');
      // What it waits for is in one place, the soonest first, and each once.
      expect(facts).toMatch(/ Next Try 2 at [^.]+\.If it gets no further, the attempt ends at [^.]+\. /);
      expect(await textOf(page, '.waterfall')).toContain('creating');
    });
  });

  test('history, sequence, look, calls, evidence and context are tabs that the arrow keys choose', async () => {
    await stage.withDaemon(async (daemon) => {
      const key = daemon.queue(5);
      daemon.next(key);
      daemon.actors.noteEffect({
        ...{ actor: key, effect: 'createVm', startedAt: Date.now() - 900, endedAt: Date.now() },
        ...{ outcome: 'done', more: 0 },
        calls: [
          {
            ...{ system: 'agent', host: 'mini-1', method: 'POST', route: '/vms', status: 202 },
            ...{ ms: 31, times: 1, at: Date.now() },
          },
        ],
      } as never);
      daemon.next(key);
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/job/5`);
      await saying(page, '#job-tab', 'GitHub queued the job');
      expect(await textOf(page, '#job-tab')).not.toContain('/vms');
      await page.getByRole('tab', { name: 'What happened' }).focus();
      await page.keyboard.press('ArrowRight');
      await saying(page, '#job-tab .sequence', 'GitHub');
      expect(new URL(page.url()).hash).toBe('#/job/5/sequence');
      await page.keyboard.press('ArrowRight');
      await saying(page, '#job-tab .look', 'The VM is asked when you choose it.');
      await page.keyboard.press('ArrowRight');
      await saying(page, '#job-tab', 'agent mini-1 POST /vms → 202');
      expect(await page.getByRole('tab', { name: 'Calls 1' }).getAttribute('aria-selected')).toBe('true');
      await page.keyboard.press('End');
      await saying(page, '#job-tab', '"repository"');
      await page.keyboard.press('ArrowRight');
      await saying(page, '#job-tab', 'GitHub queued the job');
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('tab-history');
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('job-tab');
    });
  });

  test('jobs that are not ours are apart and last, without a page, an order or a place in the counts', async () => {
    await stage.withDaemon(async (daemon) => {
      threeJobs(daemon);
      notOurs(daemon);
      const { page } = await openPage(stage.browser(), daemon.url);
      await saying(page, '.not-ours', 'deploy');
      expect(
        await page.locator('.not-ours a').evaluateAll((all) => all.map((a) => a.getAttribute('href'))),
      ).toEqual(['https://github.com/octo/web']);
      expect(await page.locator('.not-ours button').count()).toBe(0);
      expect(await page.locator('.chip').first().textContent()).toMatch(/All\s+3/);
      expect(await page.locator('tr[data-job="67"]').count()).toBe(0);
      const [list, others] = await page.evaluate(() =>
        ['table.list', '.not-ours'].map(
          (part) => document.querySelector(part)?.getBoundingClientRect().bottom,
        ),
      );
      expect(Number(others)).toBeGreaterThan(Number(list));
      await page.goto(`${daemon.url}/#/job/67`);
      await saying(page, '.verdict', 'This daemon does not serve it.');
      expect(await page.locator('.job .actions button').count()).toBe(0);
      await page.goto(`${daemon.url}/#/jobs?filter=waiting`);
      await page.waitForSelector('.not-ours', { state: 'detached' });
    });
  });

  test('a job that is over offers no order to cancel, and one that failed by itself none to serve it again', async () => {
    await stage.withDaemon(async (daemon) => {
      threeJobs(daemon);
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/job/1`);
      await saying(page, '.verdict', 'Failed by itself.');
      expect(await textOf(page, 'tr[data-job="1"] .state')).toBe('failed');
      expect(await textOf(page, 'tr[data-job="1"] .outcome')).toBe('by itself');
      expect(await page.locator('.job .actions button').allTextContents()).toEqual(['Evidence file']);
    });
  });

  test('a lost job is red and can be found by its outcome, and one that was cancelled is not green', async () => {
    await stage.withDaemon(async (daemon) => {
      const lost = daemon.queue(1, { name: 'archive' });
      for (let n = 0; n < 9; n += 1) daemon.next(lost);
      daemon.send(lost, { type: 'job.started' });
      daemon.send(lost, { type: 'vm.vanished' });
      daemon.tearDown(lost);
      daemon.send(daemon.queue(2, { name: 'lint' }), { type: 'operator.cancelled', by: 'ada' });
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/job/1?q=lost`);
      await saying(page, '.verdict.lost', 'VM_VANISHED');
      expect(await rows(page)).toEqual([1]);
      expect(await textOf(page, 'tr[data-job="1"] .state.bad')).toBe('lost');
      expect(await textOf(page, 'tr[data-job="1"] .outcome')).toContain("the host's fault. VM_VANISHED: ");
      const ground = () =>
        page
          .locator('.verdict')
          .evaluate((one) => getComputedStyle(one).getPropertyValue('border-left-color'));
      const red = await ground();
      await page.goto(`${daemon.url}/#/job/2`);
      await saying(page, '.verdict', 'Cancelled, by an operator.');
      const grey = await ground();
      await page.goto(`${daemon.url}/#/job/1`);
      await saying(page, '.verdict', 'Lost');
      expect(new Set([red, grey]).size).toBe(2);
      expect(await textOf(page, 'tr[data-job="2"] .state.idle')).toBe('cancelled');
    });
  });
});
