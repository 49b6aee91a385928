import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { launchBrowser, openPage, whyNoBrowser } from '../page/page-browser.ts';
import { scenario } from '../scenarios/scenario.ts';
import { canRun } from '../support/can-run.ts';
import { askApi } from './ask-api.ts';
import { askPage } from './ask-page.ts';
import { askTerminal } from './ask-terminal.ts';
import type { Situation } from './situation.ts';
import { untruths } from './untruths.ts';

// The wait for an answer has its own, shorter limit, and says what is wrong.
vi.setConfig({ testTimeout: 180_000 });

/** A desk and a phone. */
export const SIZES = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
];

/**
 * Five questions in each situation: what is wrong now, why a job failed and whose fault it was, what its VM does, why
 * it waits, and what happens next. The page at two sizes, the terminal and the API answer them.
 */
export function answerQuestions(situations: readonly Situation[]): void {
  describe.skipIf(!canRun(whyNoBrowser))(
    'five questions are answered in the same way, and truly, when',
    () => {
      let browser: Browser;
      beforeAll(async () => {
        browser = await launchBrowser();
      });
      afterAll(() => browser?.close());

      test.each(situations)('$name', async ({ settings, stage }) => {
        await using world = await scenario(settings);
        const truth = await stage(world);
        const jobs = truth.jobs.map(({ job }) => job);
        const pages: Page[] = [];
        for (const size of SIZES) pages.push((await openPage(browser, world.adminUrl, size)).page);
        await world.until(async () => {
          const answers = [
            ...(await Promise.all(pages.map((page) => askPage(page, jobs)))),
            await askTerminal(world.configPath, jobs),
            await askApi(world.adminUrl, jobs),
          ];
          expect(untruths(answers, truth, world)).toEqual([]);
        });
        await Promise.all(pages.map((page) => page.close()));
      });
    },
  );
}
