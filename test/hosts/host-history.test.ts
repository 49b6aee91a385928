import { expect, test } from 'vitest';
import { HostHistory } from '../../src/hosts/host-history.ts';
import type { StoredJournalEntry } from '../../src/store/tables/journal.ts';

const entry = (at: number, more: Partial<StoredJournalEntry>): StoredJournalEntry => ({
  ...{ seq: at, at, actor: 'host:mini', jobId: 0, attempt: 0, host: 'mini', event: 'host.looked' },
  ...{ kind: 'host', from: '', to: '', ...more },
});
const cordon = { by: 'ada', at: 1 };

function historyOf(...entries: StoredJournalEntry[]) {
  const history = new HostHistory();
  for (const one of entries) history.add(one);
  return history.of('mini').map(({ state, from }) => `${state} ${from}`);
}

test('consecutive looks with the same health are one stay, whatever else changed', () => {
  expect(
    historyOf(
      entry(10, { to: 'healthy', detail: { vms: [] } }),
      entry(20, { to: 'healthy', detail: { vms: [{ name: 'one' }] } }),
      entry(30, { to: 'unreachable' }),
      entry(40, { to: 'lost' }),
      entry(50, { to: 'healthy' }),
    ),
  ).toEqual(['healthy 10', 'unreachable 30', 'lost 40', 'healthy 50']);
});

test('a cordon is shown only while the host is healthy', () => {
  expect(
    historyOf(
      entry(10, { to: 'healthy', detail: { cordon: null } }),
      entry(20, { to: 'healthy', detail: { cordon } }),
      entry(30, { to: 'lost', detail: { cordon } }),
    ),
  ).toEqual(['healthy 10', 'cordoned 20', 'lost 30']);
});

test('from the last entry of a daemon to the first look of the next the host is unwatched', () => {
  expect(
    historyOf(
      entry(10, { to: 'healthy' }),
      entry(900, { kind: 'daemon', host: null, detail: { heardLast: 25 } }),
      entry(910, { to: 'healthy' }),
    ),
  ).toEqual(['healthy 10', 'unwatched 25', 'healthy 910']);
});

test('only the last 200 stays of a host are kept', () => {
  const flaps = Array.from({ length: 1_000 }, (_, n) => entry(n, { to: n % 2 ? 'healthy' : 'lost' }));
  const stays = historyOf(...flaps);
  expect([stays.length, stays.at(-1)]).toEqual([200, 'healthy 999']);
});
