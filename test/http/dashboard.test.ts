import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { metricsIn, servedMetrics, servedNames } from './served-metrics.ts';

test('every metric of the dashboard is one that the daemon has', async () => {
  const known = servedNames(await servedMetrics());
  const dashboard = readFileSync(join(import.meta.dirname, '../../docs/grafana-dashboard.json'), 'utf8');
  const asked = metricsIn(dashboard);
  expect(asked.length).toBeGreaterThan(10);
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
});
