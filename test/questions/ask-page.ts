import type { Page } from 'playwright-core';
import type { Job } from '../../src/simulator/github/jobs/job.ts';
import { type Answers, type JobAnswers, oneLine } from './answers.ts';
import { visibleText } from './visible-text.ts';

/** The answers that a person reads on the page, each without a scroll: first on its overview, then at each job. */
export async function askPage(page: Page, jobs: readonly Job[]): Promise<Answers> {
  const { width, height } = page.viewportSize() ?? { width: 0, height: 0 };
  await page.evaluate("location.hash = '#/'");
  await page.waitForSelector('.service');
  const wrong = oneLine(await visibleText(page.locator('.service, .attention')));
  const answers = new Map<number, JobAnswers>();
  for (const { id } of jobs) answers.set(id, await askJob(page, id));
  return {
    by: `page at ${width}x${height}`,
    wrong,
    isWell: wrong.includes('Nothing needs you.'),
    stops: wrong.includes('No job can be served.'),
    jobs: answers,
  };
}

async function askJob(page: Page, id: number): Promise<JobAnswers> {
  await page.evaluate(`location.hash = '#/job/${id}'`);
  await page.waitForSelector(`#job-title ~ .sub:has-text("${id}")`);
  await page.waitForSelector('.verdict .headline');
  const read = async (part: string) => oneLine(await visibleText(page.locator(`.verdict ${part}`)));
  const fact = (name: string) => read(`dt:text-is("${name}") + dd`);
  return {
    state: await read('.headline'),
    why: await read('.cause'),
    who: oneLine(`${await fact('Who must act')} ${await fact('Ends the wait')}`),
    next: await fact('Next'),
    vm: await fact('VM'),
  };
}
