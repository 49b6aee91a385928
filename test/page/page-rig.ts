/// <reference lib="dom" />
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { PictureClock } from '../pictures/picture-clock.ts';
import { launchBrowser, whyNoBrowser } from './page-browser.ts';
import { StagedDaemon } from './staged-daemon.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

if (whyNoBrowser) console.warn(`the browser tests are skipped: ${whyNoBrowser}`);

export interface Stage {
  browser(): Browser;
  /**
   * A daemon whose clock is `behind` milliseconds behind, two seconds by default; a test that needs two moments moves
   * it forward.
   */
  withDaemon(
    use: (daemon: StagedDaemon, clock: PictureClock) => Promise<void>,
    settings?: { admin?: string | null; read?: string | null; behind?: number },
  ): Promise<void>;
}

/** Tests with one browser. */
export function inBrowser(tests: (stage: Stage) => void): void {
  describe.skipIf(whyNoBrowser !== null)('in a browser', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchBrowser();
    });
    afterAll(() => browser?.close());
    tests({
      browser: () => browser,
      async withDaemon(use, { admin = null, read = null, behind = 2_000 } = {}) {
        const clock = new PictureClock(behind);
        const daemon = await StagedDaemon.start(admin, { clock, readToken: read });
        try {
          await use(daemon, clock);
        } finally {
          await Promise.all(browser.contexts().map((context) => context.close()));
          await daemon.close();
        }
      },
    });
  });
}

export interface MarkCanvas extends HTMLCanvasElement {
  whereIs(jobId: number): { state: string; x: number; y: number; r: number } | null;
}

export const untilMark = (page: Page, id: number, state: string | null) =>
  page.waitForFunction(
    ([job, wanted]) =>
      ((document.getElementById('marks') as MarkCanvas | null)?.whereIs?.(job)?.state ?? null) === wanted,
    [id, state] as const,
  );

/** Waits until a mark is within the box of a state. */
export const untilInside = (page: Page, id: number, path: string) =>
  page.waitForFunction(
    ([job, state]) => {
      const mark = (document.getElementById('marks') as MarkCanvas).whereIs(job);
      const box = document.querySelector(`.box[data-path="${state}"] > rect`)?.getBoundingClientRect();
      if (!mark || !box) return false;
      const { x, y, r } = mark;
      return x - r >= box.left && x + r <= box.right && y - r >= box.top && y + r <= box.bottom + 1;
    },
    [id, path] as const,
  );

/** Waits until a part of the page has a text. */
export const saying = (page: Page, part: string, text: string) =>
  page.waitForFunction(([where, words]) => document.querySelector(where)?.textContent?.includes(words), [
    part,
    text,
  ] as const);

/** The text of a part, with single spaces. */
export const textOf = async (page: Page, part: string) =>
  ((await page.locator(part).first().textContent()) ?? '').replace(/\s+/g, ' ').trim();

/** What axe finds that is serious or critical. */
export async function seriousIssues(page: Page): Promise<string[]> {
  // The page's own policy would refuse it as a script tag.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    (
      window as never as {
        axe: {
          run(): Promise<{
            violations: {
              id: string;
              impact: string;
              nodes: { target: unknown; failureSummary: string }[];
            }[];
          }>;
        };
      }
    ).axe.run(),
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => {
      const places = nodes.slice(0, 3).map(({ target, failureSummary }) => `${target} ${failureSummary}`);
      return `${id}: ${places.join(' | ')}`;
    });
}
