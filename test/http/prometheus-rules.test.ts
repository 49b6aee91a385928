import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { LOSSES } from '../../machines/job/job-end.ts';
import { holdsSlot, UNREADABLE } from '../../src/agent/vm-state.ts';
import { HEALTH_SUBJECTS } from '../../src/health/health.ts';
import { anchorsOf } from '../docs/anchors.ts';
import { metricsIn, servedMetrics, servedNames } from './served-metrics.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGES = 'https://github.com/jeballto/jeballto-runner/blob/main/';

const RULES = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string(),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
          annotations: z.strictObject({
            summary: z.string(),
            description: z.string(),
            runbook_url: z.string(),
          }),
        }),
      ),
    }),
  ),
});
const rules = RULES.parse(
  parse(readFileSync(join(ROOT, 'docs/prometheus-rules.yml'), 'utf8')),
).groups.flatMap((group) => group.rules);

let served = '';
beforeAll(async () => {
  served = await servedMetrics();
});

/** The values of a label for which the rules ask, such as those of `what=~"host|pull"`. */
const askedOf = (label: string): string[] =>
  rules.flatMap(({ expr }) =>
    [...expr.matchAll(new RegExp(`\\b${label}!?=~?"([^"]*)"`, 'g'))].flatMap(([, values = '']) =>
      values.split('|'),
    ),
  );

test('every metric of the alerts is one that the daemon has', () => {
  const known = servedNames(served);
  for (const { alert, expr } of rules) {
    expect(metricsIn(expr), alert).not.toEqual([]);
    expect(
      metricsIn(expr).filter((name) => !known.has(name)),
      alert,
    ).toEqual([]);
  }
});

test('the labels of the alerts have values that the daemon gives', () => {
  expect(askedOf('what').filter((what) => !HEALTH_SUBJECTS.some((subject) => subject === what))).toEqual([]);
  expect(askedOf('state').filter((state) => !holdsSlot(state) || state === UNREADABLE)).toEqual([]);
  for (const kind of askedOf('kind')) expect(served).toContain(`store_records{kind="${kind}"}`);
});

test('every alert leads to a heading that exists, and says for people what is wrong', () => {
  for (const { alert, annotations } of rules) {
    const { runbook_url, summary, description } = annotations;
    expect(runbook_url.startsWith(PAGES), alert).toBe(true);
    const [page = '', anchor = ''] = runbook_url.slice(PAGES.length).split('#');
    expect(anchorsOf(page), alert).toContain(anchor);
    expect(summary, alert).toMatch(/\.$/);
    expect(description, alert).toMatch(/\.$/);
  }
});

test('the page on operations lists every alert with its severity', () => {
  const listed = [
    ...readFileSync(join(ROOT, 'docs/operations.md'), 'utf8').matchAll(/^\| `(Jeballto\w+)` +\| (\w+)/gm),
  ];
  expect(listed.map(([, alert, severity]) => [alert, severity])).toEqual(
    rules.map(({ alert, labels }) => [alert, labels.severity]),
  );
});

test('each way to lose a job is counted from 0, so that its first loss is an increase', () => {
  for (const code of LOSSES)
    expect(served).toMatch(new RegExp(`jobs_total\\{outcome="lost",blame="\\w+",cause="${code}"\\} 0`));
});
