import { expect, test, vi } from 'vitest';
import { ChartLoader } from '../../src/page/chart/chart-loader.js';
import type { Api } from '../../src/page/session/api.js';

test('when the shape that fits changes while charts are loaded, only those of the last shape are shown', async () => {
  const narrow = { matches: false, addEventListener: () => undefined };
  vi.stubGlobal('matchMedia', () => narrow);
  const answers = new Map<string, (machines: string[]) => void>();
  const get = (_: string, { shape }: { shape: string }) =>
    new Promise((resolve) => answers.set(shape, (machines) => resolve({ machines })));
  const loader = new ChartLoader({ get } as never as Api, () => undefined);
  const wide = loader.load();
  narrow.matches = true;
  const tall = loader.load();
  answers.get('tall')?.(['tall']);
  answers.get('wide')?.(['wide']);
  expect([await wide, await tall]).toEqual([null, ['tall']]);
  vi.unstubAllGlobals();
});
