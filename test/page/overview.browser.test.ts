/// <reference lib="dom" />
import { expect, test } from 'vitest';
import { decideHealth } from '../../src/health/decide-health.ts';
import { BOUND, breakerOf, factsOf, hostOf } from '../health/health-rig.ts';
import { openPage } from './page-browser.ts';
import { inBrowser, saying, textOf } from './page-rig.ts';

const PULL = () => decideHealth(factsOf({ breakers: [breakerOf('pull', 'ghcr.io for ios')] }));

inBrowser((stage) => {
  test('the first line says whether jobs are served, what is wrong, for whom, and the next move', async () => {
    await stage.withDaemon(async (daemon) => {
      const { page } = await openPage(stage.browser(), daemon.url);
      await saying(page, '.service.good', 'Jobs are served. Nothing needs you.');
      expect(await page.locator('.service dl').count()).toBe(0);
      daemon.health = PULL();
      await saying(page, '.service.warn', 'Jobs are served, but something needs you.');
      expect(await textOf(page, '.service')).toBe(
        'Jobs are served, but something needs you. ' +
          'The pull from ghcr.io for ios is held back after 2 failures: It did not answer. ' +
          'For whom jobs of the profile ios, on hosts that lack its image ' +
          'Next move The owner of the registry, or the person who gives the host its rights there. The daemon tries it again by itself, with one attempt.',
      );
      daemon.health = decideHealth(factsOf({ hosts: [hostOf('mac-1', BOUND + 1)] }));
      await saying(page, '.service.bad', 'No job can be served.');
      expect(await textOf(page, '.service')).toContain(
        'No host takes jobs: mac-1 has not answered for 50 s.',
      );
      expect(await textOf(page, '.service')).toContain('For whom every job');
    });
  });

  test('at 1280x800 and on a phone the verdict is on the first screen, and on a desk so are six jobs', async () => {
    await stage.withDaemon(async (daemon) => {
      daemon.host('mini-1', []);
      daemon.health = PULL();
      for (let id = 1; id <= 20; id += 1) daemon.queue(id);
      const isSeen = (part: string) => (bar: number) => [part, bar] as const;
      for (const [width, height] of [
        [1280, 800],
        [390, 844],
      ] as const) {
        const { page } = await openPage(stage.browser(), daemon.url, { width, height });
        await saying(page, '.service', 'Next move');
        await page.waitForSelector('tr[data-job="1"]');
        const bottom = await page.evaluate(
          () => document.querySelector('.timebar')?.getBoundingClientRect().top ?? 0,
        );
        const within = (part: string) =>
          page.evaluate(
            ([where, end]) =>
              [...document.querySelectorAll(where)].filter(
                (one) => one.getBoundingClientRect().bottom <= Number(end),
              ).length,
            isSeen(part)(bottom),
          );
        for (const part of [
          '.service',
          '.attention',
          '.states',
          '#queue-title',
          '#slots-title',
          '#jobs-title',
        ])
          expect(await within(part), `${part} at ${width}`).toBe(1);
        if (width === 1280) expect(await within('tr[data-job]')).toBeGreaterThanOrEqual(6);
        expect(await page.locator('#chart').count()).toBe(0);
        await page.close();
      }
    });
  });

  test('slots and queue are counted over all hosts, with the oldest wait', async () => {
    await stage.withDaemon(async (daemon, clock) => {
      daemon.host('mini-1', [{ name: 'stranger', state: 'running', ours: false }]);
      daemon.host('mini-2', [], { cordon: { by: 'ada', at: clock.now() } });
      daemon.host('mini-3', []);
      const key = daemon.queue(1);
      daemon.next(key);
      daemon.queue(2, { name: 'the oldest', queuedAt: Date.now() - 12 * 60_000 });
      daemon.queue(3, { queuedAt: Date.now() - 60_000 });
      const { page } = await openPage(stage.browser(), daemon.url);
      await saying(page, '.slots-tile', '2 of 6 used, 2 free');
      expect(await textOf(page, '.slots-tile')).toContain(
        '3 hosts: 1 used by VMs of others, 2 closed on mini-2, which is cordoned',
      );
      expect(await page.locator('.slots-bar .free').count()).toBe(2);
      await saying(page, '#queue-title + .figure', '2 queued, the oldest for 12 min');
      await page.getByRole('link', { name: 'the oldest', exact: true }).first().click();
      await page.waitForURL(/#\/job\/2$/);
    });
  });

  test('hosts, breakers, lost jobs and unreadable rows need attention, each with a link to more', async () => {
    await stage.withDaemon(async (daemon) => {
      const key = daemon.queue(7, { name: 'build' });
      for (let n = 0; n < 9; n += 1) daemon.next(key);
      expect(daemon.state(key)).toBe('running.busy.watching');
      daemon.send(key, { type: 'job.started' });
      daemon.send(key, { type: 'vm.vanished' });
      daemon.tearDown(key);
      daemon.store.quarantine.keep('settled', { key: '1', raw: '{' } as never, 'no JSON', 'It is not shown.');
      daemon.health = decideHealth(
        factsOf({
          hosts: [hostOf('mini-1', BOUND + 1), hostOf('mini-2', 0)],
          breakers: [breakerOf('profile', 'ios')],
        }),
      );
      const { page } = await openPage(stage.browser(), daemon.url);
      await saying(page, '.attention', 'Needs attention 4');
      await page.locator('.attention summary').click();
      const links = await page
        .locator('.attention li a')
        .evaluateAll((all) => all.map((a) => [a.textContent, a.getAttribute('href')]));
      expect(links).toEqual([
        ['Job build', '#/job/7'],
        ['Host mini-1', '#/hosts?host=mini-1'],
        ['Profile ios', '#/jobs?filter=waiting'],
        ['Unreadable rows', '#/hosts'],
      ]);
      expect(await textOf(page, '.attention')).toContain('It was lost while it ran. VM_VANISHED');
      expect(await textOf(page, '.attention')).toContain('1 row of the store cannot be read');
    });
  });

  test('nine states stand in one row with their counts and trouble, and lead to the chart', async () => {
    await stage.withDaemon(async (daemon) => {
      daemon.queue(1);
      const key = daemon.queue(2);
      daemon.next(key);
      daemon.fail(key, 'HOST_UNREACHABLE', 'It did not answer.');
      for (const width of [1280, 390]) {
        const { page } = await openPage(stage.browser(), daemon.url, { width });
        await saying(page, '.stop[data-state="creating"]', '1!');
        expect(await textOf(page, '.stop[data-state="queued"] .count')).toBe('1');
        const tops = await page
          .locator('.stop')
          .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
        expect(tops.length).toBe(9);
        expect(new Set(tops).size).toBe(1);
        await page
          .getByRole('link', { name: /^Chart of the states: queued 1 creating 1 1\s?!? with trouble/ })
          .click();
        await page.waitForSelector('#chart');
        await page.close();
      }
    });
  });

  test('title and icon show how much needs attention, on every view, also while the past is shown', async () => {
    await stage.withDaemon(async (daemon, clock) => {
      daemon.queue(4, { name: 'build' });
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/job/4`);
      const icon = () => page.locator('link[rel=icon]').getAttribute('href');
      await page.waitForFunction(() => document.title === 'build · jeballto-runner');
      expect(await icon()).toBe('/favicon.svg');
      daemon.health = PULL();
      await page.waitForFunction(() => document.title === '(1) build · jeballto-runner');
      expect(decodeURIComponent((await icon()) ?? '')).toMatch(/^data:image\/svg\+xml,<svg .*#d92020/);
      await page.goto(`${daemon.url}/#/chart?at=${clock.now()}`);
      await page.waitForFunction(() => document.title === '(1) Chart · jeballto-runner');
      daemon.health = decideHealth(factsOf());
      await page.waitForFunction(() => document.title === 'Chart · jeballto-runner');
      expect(await icon()).toBe('/favicon.svg');
    });
  });

  test('what begins to need attention is announced, and notified if a person asked for it', async () => {
    await stage.withDaemon(async (daemon) => {
      daemon.health = decideHealth(factsOf({ hosts: [hostOf('mini-1', 0), hostOf('mini-2', BOUND + 1)] }));
      const { page, complaints } = await openPage(stage.browser(), daemon.url, {
        before: () => {
          const told: string[] = [];
          class Fake {
            static permission = 'default';
            static requestPermission = async () => {
              Fake.permission = 'granted';
              return 'granted';
            };
            constructor(title: string) {
              told.push(title);
            }
          }
          Object.assign(window, { Notification: Fake, told });
        },
      });
      const told = () => page.evaluate(() => (window as never as { told: string[] }).told);
      await saying(page, '.attention', 'Host mini-2');
      await page.getByRole('button', { name: 'Notify me' }).click();
      await page.getByRole('button', { name: 'Notifying' }).waitFor();
      await page.waitForTimeout(1_200);
      // It was wrong before the page was opened.
      expect(await told()).toEqual([]);
      expect(await textOf(page, '#announcer')).toBe('');
      daemon.health = PULL();
      await saying(page, '#announcer', 'Needs attention: Pull from ghcr.io for ios. The pull from ghcr.io');
      expect(await textOf(page, '#announcer')).toContain('Host mini-2 needs no attention any more.');
      expect(await told()).toEqual(['jeballto-runner: Pull from ghcr.io for ios']);
      await page.getByRole('button', { name: 'Notifying' }).click();
      daemon.health = decideHealth(factsOf({ breakers: [breakerOf('profile', 'ios')] }));
      await saying(page, '#announcer', 'Needs attention: Profile ios');
      expect((await told()).length).toBe(1);
      expect(complaints).toEqual([]);
    });
  });

  test('a daemon that stays silent is the verdict, and needs attention like everything else', async () => {
    await stage.withDaemon(async (daemon) => {
      const { page } = await openPage(stage.browser(), daemon.url);
      await saying(page, '.service.good', 'Jobs are served.');
      await daemon.close();
      daemon.close = async () => undefined;
      await saying(page, '.service.bad', 'This page shows the state at');
      expect(await page.locator('.banner').count()).toBe(0);
      await saying(page, '#announcer', 'Needs attention: The daemon. It does not respond.');
      expect(await page.title()).toBe('(1) jeballto-runner');
    });
  });
});
