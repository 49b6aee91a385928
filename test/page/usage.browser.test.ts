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
      await page.getByRole('link', { name: '24 hours' }).click();
      await saying(page, '.usage tfoot', 'All');
      expect(new URL(page.url()).hash).toBe('#/usage?by=host&span=24h');
      expect(complaints).toEqual([]);
    });
  });
});
