/// <reference lib="dom" />
import { expect, test } from 'vitest';
import type { PictureClock } from '../pictures/picture-clock.ts';
import { openPage } from './page-browser.ts';
import { inBrowser, saying, textOf } from './page-rig.ts';
import type { StagedDaemon } from './staged-daemon.ts';

/** Lets a job get a VM, run for a moment and succeed. */
async function serve(daemon: StagedDaemon, clock: PictureClock, id: number, repository: string) {
  const key = daemon.queue(id, { repository, profile: 'macos-15' });
  for (let n = 0; n < 12 && !daemon.state(key).startsWith('running'); n += 1) daemon.next(key);
  daemon.send(key, { type: 'job.started' });
  await clock.pass(300);
  daemon.send(key, { type: 'job.completed', conclusion: 'success', here: true });
}

inBrowser((stage) => {
  test('usage is shown by repository, and links lead to other ranges and to profiles and hosts', async () => {
    await stage.withDaemon(async (daemon, clock) => {
      await serve(daemon, clock, 1, 'app');
      await serve(daemon, clock, 2, 'app');
      await serve(daemon, clock, 3, 'lib');
      const { page, complaints } = await openPage(stage.browser(), `${daemon.url}/#/usage`);
      await saying(page, '.usage tbody tr:first-child', 'octo/app');
      expect(await textOf(page, '.usage tbody tr:nth-child(2) th')).toBe('octo/lib');
      await page.waitForFunction(() => document.title.includes('Usage'));
      await page.getByRole('link', { name: 'By host' }).click();
      await saying(page, '.usage tbody tr', 'mini-1');
      expect(new URL(page.url()).hash).toBe('#/usage?by=host');
      const loaded = page.waitForResponse((response) => response.url().includes('/api/usage?'));
      await page.getByRole('link', { name: '24 hours' }).click();
      await (await loaded).finished();
      await page.waitForSelector('.usage[aria-busy="false"] a[aria-current="true"]:text-is("24 hours")');
      await saying(page, '.usage tfoot', 'All');
      expect(new URL(page.url()).hash).toBe('#/usage?range=24h&by=host');
      expect(complaints).toEqual([]);
    });
  });

  test('usage ends at the moment that is shown, and Live leads back to the present', async () => {
    await stage.withDaemon(
      async (daemon, clock) => {
        await serve(daemon, clock, 1, 'app');
        const before = daemon.clock.now();
        await clock.pass(3_600_000);
        await serve(daemon, clock, 2, 'lib');
        const { page } = await openPage(stage.browser(), `${daemon.url}/#/usage?range=24h`);
        await saying(page, '.usage tbody', 'octo/lib');
        await page.goto(`${daemon.url}/#/usage?range=24h&at=${Math.round(before)}`);
        await page.waitForFunction(() => document.querySelectorAll('.usage tbody tr').length === 1);
        expect(await textOf(page, '.usage tbody th')).toBe('octo/app');
        await page.getByRole('button', { name: 'Live' }).click();
        await saying(page, '.usage tbody', 'octo/lib');
        expect(new URL(page.url()).hash).toBe('#/usage?range=24h');
      },
      { behind: 3_700_000 },
    );
  });
});
