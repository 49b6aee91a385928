import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { openPage } from '../page/page-browser.ts';
import { askApi } from '../questions/ask-api.ts';
import type { Situation } from '../questions/situation.ts';
import * as ends from '../questions/situations/ends.ts';
import * as github from '../questions/situations/github.ts';
import * as hosts from '../questions/situations/hosts.ts';
import * as images from '../questions/situations/images.ts';
import { untruths } from '../questions/untruths.ts';
import { scenario } from '../scenarios/scenario.ts';

const SITUATIONS: Record<string, Situation> = { ...ends, ...hosts, ...github, ...images };

const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/** What is pictured of each situation: the job that is asked about on a desk, and the first screen on a phone. */
const ALWAYS = [
  { name: 'desk', view: 'job', colorScheme: 'light', ...DESK },
  { name: 'phone', view: 'overview', colorScheme: 'dark', ...PHONE },
] as const;
/** The other views, of situations with long texts. */
const WHERE_IT_IS_FULL = [
  { name: 'desk-overview', view: 'overview', colorScheme: 'dark', ...DESK },
  { name: 'phone-job', view: 'job', colorScheme: 'light', ...PHONE },
] as const;
const FULL = ['cordonedAndHalfOpen', 'gitHubUnreachable', 'fullHosts'];

/** Stages each situation in a simulated world, and pictures it; `only` names some. */
export async function takeSituations(
  browser: Browser,
  folder: string,
  only: readonly string[],
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const [key, { settings, stage }] of Object.entries(SITUATIONS)) {
    if (only.length > 0 && !only.includes(key)) continue;
    await using world = await scenario(settings);
    const truth = await stage(world);
    const jobs = truth.jobs.map(({ job }) => job);
    await world.until(async () => {
      const [first] = untruths([await askApi(world.adminUrl, jobs)], truth, world);
      if (first) throw new Error(first);
    });
    for (const { name, view, ...options } of FULL.includes(key) ? [...ALWAYS, ...WHERE_IT_IS_FULL] : ALWAYS) {
      const address = view === 'job' ? `#/job/${jobs.at(-1)?.id}` : '#/';
      const { page } = await openPage(browser, `${world.adminUrl}/${address}`, options);
      await page.waitForSelector(view === 'job' ? '.verdict .headline' : '.service');
      await page.waitForTimeout(1_500);
      const path = join(folder, `${dashed(key)}-${name}.png`);
      await page.screenshot({ path });
      await page.close();
      console.log(`${dashed(key)}-${name}.png: ${Math.round(statSync(path).size / 1024)} KB`);
    }
  }
}

const dashed = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
