import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { StagedDaemon } from '../page/staged-daemon.ts';

test('every metric of the dashboard is one that the daemon has', async () => {
  const daemon = await StagedDaemon.start();
  const served = await (await fetch(`${daemon.url}/metrics`)).text();
  await daemon.close();
  const known = new Set([...served.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  const dashboard = readFileSync(join(import.meta.dirname, '../../docs/grafana-dashboard.json'), 'utf8');
  const asked = [...dashboard.matchAll(/\b(?:jeballto_runner|nodejs)_\w+/g)].map(([name]) =>
    name.replace(/_bucket$/, ''),
  );
  expect(asked.length).toBeGreaterThan(10);
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
});
