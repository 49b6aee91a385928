import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TokenWanted } from '../../src/page/session/api.js';
import { ViewLoader, type Wanted } from '../../src/page/session/view-loader.js';

const page = { hidden: false, shown: () => {} };
beforeEach(() => {
  page.hidden = false;
  vi.useFakeTimers();
  vi.stubGlobal('document', {
    get hidden() {
      return page.hidden;
    },
    addEventListener: (_: string, listener: () => void) => {
      page.shown = listener;
    },
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const LIVE: Wanted = { range: '1h', at: null };

function loaderWith({ pace = null as number | null, fails = null as Error | null } = {}) {
  const asked: Wanted[] = [];
  const onTokenWanted = vi.fn();
  const loader = new ViewLoader<number>({
    load: async (wanted) => {
      asked.push(wanted);
      if (fails) throw fails;
      return asked.length;
    },
    pace: () => pace,
    onChange: () => undefined,
    onTokenWanted,
  });
  const settle = () => vi.advanceTimersByTimeAsync(0);
  return { loader, asked, onTokenWanted, settle };
}

test('figures without a pace are loaded once, and again when the range, the moment or the rows are others', async () => {
  const { loader, asked, settle } = loaderWith();
  const past = { range: '1h', at: 5_000_000 } as const;
  // A minute is a hundredth of an hour and more, 10 seconds are not.
  const wants = [LIVE, { ...LIVE }, past, { ...past, at: 5_010_000 }, { ...past, at: 5_060_000 }];
  for (const wanted of [...wants, { ...past, at: 5_060_000, by: 'host' }]) {
    loader.follow(wanted);
    await settle();
  }
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(asked.map(({ at, by }) => by ?? at)).toEqual([null, 5_000_000, 5_060_000, 'host']);
});

test('figures with a pace are loaded again until the view is left', async () => {
  const { loader, asked, settle } = loaderWith({ pace: 1_000 });
  loader.follow(LIVE);
  await vi.advanceTimersByTimeAsync(2_500);
  expect(asked.length).toBe(3);
  loader.follow(null);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked.length).toBe(3);
  loader.follow({ ...LIVE });
  await settle();
  expect(asked.length).toBe(4);
});

test('nothing is loaded while the page is hidden, and at once when it is shown again', async () => {
  const { loader, asked, settle } = loaderWith({ pace: 1_000 });
  loader.follow(LIVE);
  await settle();
  page.hidden = true;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked.length).toBe(1);
  page.hidden = false;
  page.shown();
  await settle();
  expect(asked.length).toBe(2);
});

test('a daemon that wants a token is told to the page, and is not asked again and again', async () => {
  const { loader, asked, onTokenWanted, settle } = loaderWith({ pace: 10, fails: new TokenWanted('token') });
  loader.follow(LIVE);
  await vi.advanceTimersByTimeAsync(5_000);
  expect([asked.length, onTokenWanted.mock.calls.length, loader.error]).toEqual([1, 1, null]);
  loader.follow(null);
  loader.follow(LIVE);
  await settle();
  expect(asked.length).toBe(2);
});

test('why figures could not be loaded is told until they are', async () => {
  const { loader, settle } = loaderWith({ fails: new Error('the disk is full') });
  loader.follow(LIVE);
  await settle();
  expect([loader.answer, loader.error, loader.isLoading]).toEqual([null, 'the disk is full', false]);
});
