/// <reference lib="dom" />
import { expect, test } from 'vitest';
import { describeMachine } from '../../src/chart/describe-machine.ts';
import { machines } from '../../src/http/admin/api/charts.ts';
import { faultsOf, measureChart } from './chart-shapes.ts';
import { openPage } from './page-browser.ts';
import { inBrowser } from './page-rig.ts';
import type { StagedDaemon } from './staged-daemon.ts';

const TABS: Record<string, string> = {
  job: 'Jobs',
  host: 'Hosts',
  webhooks: 'Webhooks',
  breaker: 'Breakers',
};
const SHAPES = { wide: { width: 1280, height: 800 }, tall: { width: 390, height: 844 } };

/** Counts, figures and failures take room, too. */
function crowd(daemon: StagedDaemon): void {
  for (let id = 1; id <= 120; id += 1) daemon.queue(id);
  for (const state of ['creating', 'starting', 'sshReady', 'probing', 'jitConfig', 'runnerOnline']) {
    const key = daemon.queue(200);
    for (let n = 0; n < 9 && !daemon.state(key).startsWith(state); n += 1) daemon.next(key);
    daemon.fail(key, 'HOST_UNREACHABLE', 'The host did not answer.');
    daemon.send(key, { type: 'operator.cancelled', by: 'Ada' });
    daemon.tearDown(key);
  }
}

inBrowser((stage) => {
  test.each(Object.keys(TABS).flatMap((id) => (['wide', 'tall'] as const).map((shape) => ({ id, shape }))))(
    'at 100 % nothing overlaps in the $shape chart of the $id machine, and each arrow has its name',
    { timeout: 60_000 },
    async ({ id, shape }) => {
      await stage.withDaemon(async (daemon) => {
        crowd(daemon);
        const { page } = await openPage(stage.browser(), `${daemon.url}/#/chart`, SHAPES[shape]);
        await page.getByRole('button', { name: TABS[id] as string, exact: true }).click();
        await page.waitForSelector(`#chart[data-chart="${id}"]`);
        if (id === 'job') await page.waitForSelector('.box .failures');
        await page.getByRole('button', { name: 'Show the chart at 100 %' }).click();
        expect(faultsOf(await page.evaluate(measureChart))).toEqual([]);
        const told = await page.evaluate(() =>
          [...document.querySelectorAll('.way')].map((way) => ({
            name: [...way.querySelectorAll('text')].map((text) => text.textContent).join(' '),
            events: way.getAttribute('data-events')?.split('\n') ?? [],
          })),
        );
        const machine = machines().find((one) => one.id === id);
        const { transitions } = describeMachine(machine as never);
        const spoken = new Set(told.flatMap(({ events }) => events));
        for (const { from, to, event, guard } of transitions) {
          if (to === null || to === from) continue;
          expect(spoken, `${from} → ${to}`).toContain(guard ? `${event} [${guard}]` : event);
        }
        for (const { name, events } of told) {
          const names = [...new Set(events.map((event) => event.replace(/ \[.*/, '')))];
          const [usual, more] = name.replace(/^in any state /, '').split(' +');
          expect(names).toContain(usual);
          expect(Number(more ?? 0)).toBe(names.length - 1);
        }
      });
    },
  );

  test('the chart shows where the open job is, and keys show the whole chart and 100 % again', async () => {
    await stage.withDaemon(async (daemon) => {
      crowd(daemon);
      const key = daemon.queue(300);
      for (let n = 0; n < 9; n += 1) daemon.next(key);
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/chart?job=300`);
      const isVisible = (path: string) =>
        page.waitForFunction((state) => {
          const view = document.getElementById('chart')?.getBoundingClientRect();
          const box = document.querySelector(`.box[data-path="${state}"] > rect`)?.getBoundingClientRect();
          if (!view || !box) return false;
          return (
            box.left >= view.left &&
            box.right <= view.right &&
            box.top >= view.top &&
            box.bottom <= view.bottom
          );
        }, path);
      const scale = () =>
        page.evaluate(
          () => (document.getElementById('chart') as unknown as SVGSVGElement).getScreenCTM()?.a ?? 0,
        );
      await isVisible('running.idle.watching');
      expect(await scale()).toBeCloseTo(1, 1);
      await page.keyboard.press('0');
      for (const path of ['queued', 'running', 'done', 'failed']) await isVisible(path);
      await page.keyboard.press('1');
      expect(await scale()).toBeCloseTo(1, 1);
      daemon.send(key, { type: 'vm.vanished' });
      await isVisible('tearingDown.vm.acting');
    });
  });

  test('a drag moves the chart and chooses no state, a click does', async () => {
    await stage.withDaemon(async (daemon) => {
      crowd(daemon);
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/chart`);
      const box = page.locator('.box[data-path="starting"] > text.name');
      const before = (await box.boundingBox()) ?? { x: 0, y: 0 };
      await page.mouse.move(before.x + 5, before.y + 5);
      await page.mouse.down();
      await page.mouse.move(before.x - 200, before.y + 5, { steps: 5 });
      await page.mouse.up();
      expect((await box.boundingBox())?.x).toBeCloseTo(before.x - 205, 0);
      expect(await page.locator('#state-title').count()).toBe(0);
      await box.click();
      expect(await page.locator('#state-title').textContent()).toBe('starting');
    });
  });
});
