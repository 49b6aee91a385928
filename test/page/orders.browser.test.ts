/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { instant, moment } from '../../src/format.js';
import { openPage } from './page-browser.ts';
import { inBrowser, saying, textOf } from './page-rig.ts';

const TOKENS = { admin: 's3cret-admin-token', read: 'a-read-token' };

async function enter(page: Page, token: string): Promise<void> {
  await page.fill('#token', token);
  await page.click('button[type=submit]');
}

inBrowser((stage) => {
  test('the page asks for the token when there is one, and an order is given in its own dialog with a name', async () => {
    await stage.withDaemon(async (daemon) => {
      const key = daemon.queue(4, { name: 'build' });
      daemon.next(key);
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/job/4`);
      const native: string[] = [];
      page.on('dialog', (dialog) => {
        native.push(dialog.type());
        void dialog.dismiss();
      });
      await enter(page, 'wrong');
      await page.waitForSelector('.gate .bad-text');
      await enter(page, TOKENS.admin);
      await page.getByRole('button', { name: 'Cancel its VM' }).click();
      const dialog = page.getByRole('dialog', { name: 'Cancel the VM of “build”?' });
      await dialog.getByText('unless it already runs').waitFor();
      await dialog.getByLabel('Your name, for the journal').fill('Łukasz ☂');
      await dialog.getByRole('button', { name: 'Cancel its VM' }).click();
      await dialog.getByText('The job is given up. Its VM and its runner are being removed.').waitFor();
      expect(daemon.state(key)).toBe('tearingDown.vm.acting, tearingDown.runner.gone, tearingDown.job.gone');
      await dialog.getByRole('button', { name: 'Close' }).click();
      await saying(page, '.story', 'Łukasz ☂ ordered: cancel job 4');
      expect(await page.evaluate(() => [sessionStorage.getItem('operator'), localStorage.length])).toEqual([
        'Łukasz ☂',
        0,
      ]);
      await page.goto(`${daemon.url}/#/hosts`);
      await saying(page, '.sources', 'cancel job 4Łukasz ☂');
      expect(native).toEqual([]);
    }, TOKENS);
  });

  test('a refused order says why in its dialog, which keeps the name and changes nothing', async () => {
    await stage.withDaemon(async (daemon) => {
      const key = daemon.queue(4);
      for (let n = 0; n < 9; n += 1) daemon.next(key);
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/job/4`);
      const cancel = page.getByRole('button', { name: 'Cancel its VM' });
      await cancel.click();
      await page.getByRole('textbox', { name: 'Your name' }).fill('ada');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('Job 4 runs in its VM: cancel it at GitHub').waitFor();
      expect(await page.inputValue('#by')).toBe('ada');
      expect(daemon.state(key)).toBe('running.busy.watching');
      await page.keyboard.press('Escape');
      await page.waitForSelector('dialog[open]', { state: 'detached' });
      expect(page.url()).toMatch(/#\/job\/4$/);
      expect(await cancel.evaluate((one) => one === document.activeElement)).toBe(true);
      await cancel.click();
      expect(await page.inputValue('#by')).toBe('ada');
      await page.getByRole('button', { name: 'Do nothing' }).click();
      await page.waitForSelector('dialog[open]', { state: 'detached' });
      expect(daemon.logged).toEqual([]);
    });
  });

  test('an operator has the VM of a job held, which the page then says until when and by whom, and releases it', async () => {
    await stage.withDaemon(async (daemon) => {
      const key = daemon.queue(4, { name: 'build' });
      for (let n = 0; n < 3; n += 1) daemon.next(key);
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/job/4`);
      await page.getByRole('button', { name: 'Hold its VM' }).click();
      const dialog = page.getByRole('dialog', { name: 'Hold the VM of “build”?' });
      await dialog.getByText('until a job needs its slot').waitFor();
      await dialog.getByLabel('Your name, for the journal').fill('ada');
      await dialog.getByLabel('Hold it for').selectOption('1h');
      await dialog.getByRole('button', { name: 'Hold its VM' }).click();
      await dialog.getByText('Its VM is held if the job or its attempt fails.').waitFor();
      await dialog.getByRole('button', { name: 'Close' }).click();
      await saying(page, '.verdict', 'If it fails, its VM is held for 1 h, as ada ordered.');

      daemon.fail(key, 'GUEST_IDENTITY_CHANGED', 'The guest has another key.');
      await saying(page, '.verdict', 'as ada ordered. A job that needs its slot');
      expect(daemon.state(key)).toMatch(/^tearingDown\.vm\.opening/);
      await page.getByRole('button', { name: 'Release its VM' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Release its VM' }).click();
      await page.getByText('Its VM is not held any more, or will not be.').waitFor();
      expect(daemon.state(key)).toMatch(/^tearingDown\.vm\.acting/);
      await page.getByRole('button', { name: 'Close' }).click();
      await saying(page, '.story', 'ada ordered: release the VM of job 4');
    });
  });

  test('after an order whose button is gone the focus is on the heading, and "Collect now" says what it did', async () => {
    await stage.withDaemon(async (daemon) => {
      daemon.queue(4);
      const { page } = await openPage(stage.browser(), `${daemon.url}/#/job/4`);
      await page.getByRole('button', { name: 'Give it up' }).click();
      await page.getByRole('textbox', { name: 'Your name' }).fill('ada');
      await page.keyboard.press('Enter');
      await page.getByText('The job is given up.').waitFor();
      await page.getByRole('button', { name: 'Give it up' }).first().waitFor({ state: 'detached' });
      await page.keyboard.press('Escape');
      await page.waitForFunction(() => document.activeElement?.id === 'job-title');
      await page.goto(`${daemon.url}/#/hosts`);
      await page.getByRole('button', { name: 'Collect now' }).click();
      await page.waitForSelector('dialog[open]');
      await page.keyboard.press('Enter');
      await saying(page, 'dialog .result', 'Nothing to collect.');
      expect(await textOf(page, 'dialog')).toBe('Collect now? Nothing to collect. Close');
      expect(daemon.logged.at(-1)?.msg).toBe('ada ordered: run the collector');
    });
  });

  test('a drain can end by itself, and the host and the orders say when', async () => {
    await stage.withDaemon(async (daemon) => {
      daemon.host('mini-1', []);
      const { page, complaints } = await openPage(stage.browser(), `${daemon.url}/#/hosts`);
      await page.getByRole('button', { name: 'Drain' }).click();
      const dialog = page.getByRole('dialog', { name: 'Drain mini-1?' });
      await dialog.getByLabel('Your name, for the journal').fill('ada');
      await dialog.getByLabel('It ends by itself').selectOption('after 2 hours');
      await dialog.getByRole('button', { name: 'Drain' }).click();
      await dialog.getByText('mini-1 is cordoned.').waitFor();
      await dialog.getByRole('button', { name: 'Close' }).click();
      await saying(page, 'li.host', 'Cordoned by ada at');
      const { until } = daemon.store.cordons.of('mini-1') ?? {};
      await saying(page, 'li.host', `it gets no new job until ${moment(until ?? 0)}.`);
      await saying(page, '.sources', `drain host mini-1 until ${instant(until ?? 0)}`);
      expect(complaints).toEqual([]);
    });
  });

  test('a reader sees everything, and no order and no evidence', async () => {
    await stage.withDaemon(async (daemon) => {
      daemon.host('mini-1', []);
      const key = daemon.queue(4);
      daemon.next(key);
      daemon.store.evidence.put({
        ...{ jobId: 4, attempt: 1, at: daemon.clock.now(), vmName: 'vm', host: 'mini-1', agentEvents: [] },
        ...{ screen: null, logs: { runner: 'a secret of the guest' }, hostLook: null, missing: [] },
      } as never);
      const { page, asked, complaints } = await openPage(stage.browser(), `${daemon.url}/#/job/4`);
      await enter(page, TOKENS.read);
      await saying(page, '.head', 'read only');
      await saying(page, '.story', 'GitHub queued the job');
      await page.getByRole('tab', { name: 'Evidence' }).click();
      await saying(page, '#job-tab', 'Evidence needs the admin token');
      expect(await page.locator('.job .actions button').count()).toBe(0);
      await page.goto(`${daemon.url}/#/hosts`);
      await page.waitForSelector('li.host');
      expect(await page.locator('.hosts button:not(.slot)').count()).toBe(0);
      expect(asked.filter((address) => address.endsWith('/evidence'))).toEqual([]);
      expect(complaints.filter((one) => !one.includes('401'))).toEqual([]);
      // The token of the operator shows the orders again.
      await page.evaluate(() => sessionStorage.setItem('token', 's3cret-admin-token'));
      await page.reload();
      await page.getByRole('button', { name: 'Cordon' }).waitFor();
    }, TOKENS);
  });
});
