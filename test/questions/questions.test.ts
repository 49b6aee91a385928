import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { launchBrowser, openPage, whyNoBrowser } from '../page/page-browser.ts';
import { scenario } from '../scenarios/scenario.ts';
import { canRun } from '../support/can-run.ts';
import { askApi } from './ask-api.ts';
import { askPage } from './ask-page.ts';
import { askTerminal } from './ask-terminal.ts';
import * as ends from './situations/ends.ts';
import * as github from './situations/github.ts';
import * as hosts from './situations/hosts.ts';
import * as images from './situations/images.ts';
import { untruths } from './untruths.ts';

// The wait for an answer has its own, shorter limit, and says what is wrong. A daemon mostly waits, so several at a
// time take less time than one after the other.
vi.setConfig({ testTimeout: 180_000, maxConcurrency: 2 });

/** A desk and a phone. */
const SIZES = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
];

const SITUATIONS = [ends, github, hosts, images].flatMap((group) => Object.values(group));

/**
 * Five questions in each situation: what is wrong now, why a job failed and whose fault it was, what its VM does, why
 * it waits, and what happens next. The page at two sizes, the terminal and the API answer them.
 */
describe
  .skipIf(!canRun(whyNoBrowser))
  .concurrent('five questions are answered in the same way, and truly, when', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchBrowser();
    });
    afterAll(() => browser?.close());

    test.each(SITUATIONS)('$name', async ({ settings, stage }) => {
      await using world = await scenario(settings);
      const truth = await stage(world);
      const jobs = truth.jobs.map(({ job }) => job);
      const api = () => askApi(world.adminUrl, jobs);
      // Alone first: pages and processes take seconds of a core.
      await world.until(async () => expect(untruths([await api()], truth, world)).toEqual([]));
      const opened = await Promise.all(
        SIZES.map((size) => openPage(browser, world.adminUrl, { ...size, patience: 60_000 })),
      );
      const pages = opened.map(({ page }) => page);
      await world.until(async () => {
        // At the same moment, since what is next changes all the time.
        const answers = await Promise.all([
          ...pages.map((page) => askPage(page, jobs)),
          askTerminal(world.configPath, jobs),
          api(),
        ]);
        expect(untruths(answers, truth, world)).toEqual([]);
      });
      await Promise.all(pages.map((page) => page.close()));
    });
  });
