/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { observation } from '../store/records.ts';
import { openPage } from './page-browser.ts';
import { inBrowser, type MarkCanvas, saying, untilInside, untilMark } from './page-rig.ts';
import type { StagedDaemon } from './staged-daemon.ts';

const count = async (page: Page, path: string) =>
  Number(
    (await page
      .locator(`.box[data-path="${path}"] > text.count`)
      .textContent()
      .catch(() => '0')) ?? 0,
  );

inBrowser((stage) => {
  test('a job is a mark that moves through all states of the pipeline and disappears at its end', {
    timeout: 60_000,
  }, async () => {
    await stage.withDaemon(async (daemon) => {
      const { page, complaints } = await openPage(stage.browser(), `${daemon.url}/#/chart`);
      const key = daemon.queue(101);
      await untilMark(page, 101, 'queued');
      const path = [
        'creating.acting',
        'starting.acting',
        'sshReady.acting',
        'probing.acting',
        'jitConfig.acting',
      ];
      path.push('runnerOnline.launching.acting', 'runnerOnline.confirming.acting');
      path.push('running.idle.watching', 'running.busy.watching');
      for (const state of path) {
        daemon.next(key);
        await untilMark(page, 101, state);
        await untilInside(page, 101, state);
      }
      await page.getByRole('button', { name: 'Show the whole chart' }).click();
      await untilInside(page, 101, 'running.busy.watching');
      const { x, y } = (await page.evaluate(() =>
        (document.getElementById('marks') as MarkCanvas).whereIs(101),
      )) ?? { x: 0, y: 0 };
      await page.mouse.move(x, y);
      expect(await page.locator('.mark-label').textContent()).toContain('job 101: running.busy.watching');
      await page.mouse.click(x, y);
      await page.waitForSelector('#job-title');
      await page.goBack();
      daemon.send(key, { type: 'job.completed', conclusion: 'success', here: true });
      daemon.actors.send(key, {
        type: 'xstate.done.actor.watchRunner',
        output: { ended: 'exited', failure: null },
      } as never);
      await untilMark(page, 101, 'tearingDown.vm.acting, tearingDown.runner.acting, tearingDown.job.gone');
      daemon.tearDown(key);
      await untilMark(page, 101, null);
      expect(await count(page, 'done')).toBe(1);
      expect(complaints).toEqual([]);
    });
  });

  test('500 live jobs stay smooth, on the chart and on the first screen', { timeout: 90_000 }, async () => {
    await stage.withDaemon(async (daemon) => {
      const keys = Array.from({ length: 500 }, (_, index) => daemon.queue(1000 + index));
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/chart`);
      await untilMark(page, 1499, 'queued');
      await staysSmooth(page, 'the chart', () => moveOn(daemon, keys.slice(0, 100)));
      await page.goto(`${daemon.url}/#/`);
      await saying(page, '.states', '400');
      await staysSmooth(page, 'the first screen', () => moveOn(daemon, keys.slice(100, 200)));
    });
  });

  test('hosts and webhooks are marks on their own charts, and the lists have their health in words', {
    timeout: 60_000,
  }, async () => {
    await stage.withDaemon(async (daemon) => {
      daemon.webhooks.delivered({ ...observation(5), queuedAt: Date.now() }, null);
      daemon.limits.note(
        {
          ...{ 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '300' },
          'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + 600),
        },
        Date.now(),
      );
      const { page, complaints } = await openPage(stage.browser(), `${daemon.url}/#/hosts`);
      daemon.host('mini-1', [], { failure: 'It did not answer.' }, 'unreachable');
      await page.getByRole('img', { name: /^mini-1 since [\d:]+: unreachable / }).waitFor();
      daemon.host('mini-1', [], {}, 'healthy');
      const strip = page.getByRole('img', { name: /^mini-1 since [\d:]+: unreachable .+, healthy / });
      await strip.waitFor();
      expect(await strip.locator('rect.unreachable').count()).toBe(1);
      await page.waitForFunction(() => document.querySelector('.sources .state')?.textContent === 'trusted');
      const sources = (await page.locator('.sources').textContent()) ?? '';
      expect(sources).toContain('for looking for work: 0 calls, paused until');
      expect(sources).toContain('for teardown: 300 calls');
      await page.goto(`${daemon.url}/#/chart`);
      for (const [tab, path] of [
        ['Hosts', 'healthy'],
        ['Webhooks', 'trusted'],
      ] as const) {
        await page.getByRole('button', { name: tab, exact: true }).click();
        await untilInside(page, 0, path);
      }
      expect(complaints).toEqual([]);
    });
  });
});

/** 125 moves a second, for three seconds. */
async function moveOn(daemon: StagedDaemon, keys: string[]): Promise<void> {
  for (let n = 0; n < 400; n += 1) {
    daemon.next(keys[n % 100] ?? '');
    await new Promise((resolve) => setTimeout(resolve, 8));
  }
}

async function staysSmooth(page: Page, view: string, move: () => Promise<void>): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  const work = async () =>
    (await cdp.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')?.value ??
    0;
  const before = await work();
  const frames = page.evaluate(
    () =>
      new Promise<number[]>((resolve) => {
        const times: number[] = [];
        let before = performance.now();
        const step = (now: number) => {
          times.push(now - before);
          before = now;
          if (times.length < 240) requestAnimationFrame(step);
          else resolve(times);
        };
        requestAnimationFrame(step);
      }),
  );
  await move();
  const times = await frames;
  const perFrame = ((await work()) - before) * (1_000 / times.length);
  const sorted = times.sort((a, b) => a - b);
  const [median, p95] = [sorted[120] ?? 0, sorted[228] ?? 0];
  console.info(
    `500 jobs on ${view}, 125 moves a second: frame time median ${median.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, of it ${perFrame.toFixed(1)} ms of work`,
  );
  // A machine that runs several builds draws slower, so the page's work is measured by the thread's own clock.
  expect(perFrame).toBeLessThan(16.7);
  expect(median).toBeLessThan(100);
}
