import { expect, test } from 'vitest';
import { controllerView } from '../../src/store/shared/controller-view.ts';

const ROW = {
  ...{ id: 'a', name: 'mini-1, process 7', role: 'standby' as const, epoch: null, since: 0, seenAgo: 3_000 },
  ...{ version: '1', digest: 'abc', hosts: [], labels: [], adminUrl: '', refusal: null },
};

test('a controller is gone when it was not seen for a lease, however long the lease is', () => {
  expect(controllerView(ROW, 8_000)).toMatchObject({ seenAgo: 3_000, isGone: false });
  expect(controllerView(ROW, 8_000, 6_000)).toMatchObject({ seenAgo: 9_000, isGone: true });
  expect(controllerView(ROW, 600_000, 100_000)).toMatchObject({ isGone: false });
});
