/// <reference lib="dom" />
import { expect, test } from 'vitest';
import { began, first } from '../../src/images/rollout-steps.ts';
import { ImageEntries } from '../../src/journal/entries/image-entries.ts';
import { openPage } from './page-browser.ts';
import { inBrowser, saying, textOf } from './page-rig.ts';

const image = (digit: string) => ({
  reference: 'ghcr.io/acme/macos:latest',
  digest: `sha256:${digit.repeat(64)}`,
});

inBrowser((stage) => {
  test('the host of a trial says which image it tries, and says the same after a restart', async () => {
    await stage.withDaemon(async (daemon, clock) => {
      daemon.host('mini-1', []);
      daemon.host('mini-2', []);
      const entries = new ImageEntries(daemon.journal, clock);
      const { rollout: before } = first(image('a'), clock.now());
      const { rollout, event, why } = began(before, image('b'), 'mini-1', clock.now());
      entries.changed('macos-15', before, rollout, event, why);
      const { page } = await openPage(stage.browser(), `${daemon.url}#/hosts`);
      const of = (digit: string) => `sha256:${digit.repeat(12)}`;
      await saying(page, '[data-host="mini-1"]', `The next image of macos-15, ${of('b')}, has been on trial`);
      expect(await textOf(page, '[data-host="mini-1"]')).toContain(
        `Other VMs of macos-15 are made from ${of('a')}.`,
      );
      expect(await textOf(page, '[data-host="mini-2"]')).not.toContain('on trial');
      entries.changed('macos-15', rollout, rollout, 'image.known', rollout.last.why);
      daemon.host('mini-1', [], { version: '9.9.9' });
      await saying(page, '[data-host="mini-1"]', 'agent 9.9.9');
      expect(await textOf(page, '[data-host="mini-1"]')).toContain(
        `${of('b')}, has been on trial here since`,
      );
    });
  });
});
