import { expect, test } from 'vitest';
import { type HostRoom, type WaitingFacts, whyWaiting } from '../../src/placement/why-waiting.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const at = (ms: number) => new Date(ms).toTimeString().slice(0, 8);
const host = (more: Partial<HostRoom> = {}): HostRoom => ({
  name: 'mini-1',
  acceptsJobs: true,
  state: 'healthy',
  failure: null,
  unreachableSince: null,
  cordonedBy: null,
  slots: 2,
  free: 0,
  holders: [
    { what: 'job 5 (app), running', ours: true, since: NOW - 60_000 },
    { what: 'VM dev-box, not ours', ours: false, since: NOW - 9_000_000 },
  ],
  ...more,
});
const queued = (jobId: number, more = {}) => ({
  ...{ key: String(jobId), jobId, profile: 'p', queuedAt: NOW - 1_000 * (100 - jobId), notBefore: 0 },
  ...more,
});
const facts = (more: Partial<WaitingFacts> = {}): WaitingFacts => ({
  ...{
    queued: [queued(1)],
    hosts: [host()],
    leftAlone: [],
    unserved: [],
    isDraining: false,
    labels: ['macos-15'],
    now: NOW,
  },
  ...more,
});

test('a full house names who has the slots, since when, and whose end frees one', () => {
  expect(whyWaiting(facts())).toEqual([
    {
      ...{ key: '1', jobId: 1, why: 'noSlot', position: 1, until: null },
      sentence: `No free slot: all 2 are taken by VM dev-box, not ours on mini-1 since ${at(NOW - 9_000_000)}, job 5 (app), running on mini-1 since ${at(NOW - 60_000)}.`,
      frees: 'The end of VM dev-box, not ours, or of a VM that is not ours.',
    },
  ]);
});

test('a job whose profile is left alone says until when and after what, and holds no place', () => {
  const until = NOW + 60_000;
  const leftAlone = [{ profile: 'p', why: 'left alone until 14:05:09 after 3 failures in a row', until }];
  expect(whyWaiting(facts({ leftAlone }))).toMatchObject([
    {
      ...{ why: 'leftAlone', position: null, until },
      sentence: 'Its profile p is left alone until 14:05:09 after 3 failures in a row.',
    },
  ]);
});

test('places are those of the scheduler; a job that rests holds none', () => {
  const until = NOW + 30_000;
  const jobs = [queued(3), queued(1, { notBefore: until }), queued(2)];
  expect(
    whyWaiting(facts({ queued: jobs })).map(({ jobId, position, why }) => [jobId, position, why]),
  ).toEqual([
    [1, null, 'rest'],
    [2, 1, 'noSlot'],
    [3, 2, 'noSlot'],
  ]);
  expect(whyWaiting(facts({ queued: jobs }))[0]?.sentence).toContain(at(until));
});

test.each([
  [
    'a host that does not answer',
    {
      hosts: [
        host({
          acceptsJobs: false,
          state: 'unreachable',
          failure: 'It refused.',
          unreachableSince: NOW - 5_000,
        }),
      ],
    },
    'unhealthy',
    `mini-1 is unreachable since ${at(NOW - 5_000)} (It refused)`,
  ],
  ['no host at all', { hosts: [] }, 'unhealthy', 'none is configured'],
  ['a cordon, with who ordered it', { hosts: [host({ cordonedBy: 'ada' })] }, 'cordoned', 'mini-1 (by ada)'],
  ['a daemon that ends', { isDraining: true }, 'draining', 'ending'],
  ['a turn that has come', { hosts: [host({ free: 1 })] }, 'next', 'its turn'],
  [
    'a sick host beside a full one',
    { hosts: [host(), host({ name: 'mini-2', acceptsJobs: false, state: 'lost' })] },
    'noSlot',
    'Besides, mini-2 is lost',
  ],
] as const)('%s is said', (_, more, why, words) => {
  const [waits] = whyWaiting(facts(more as never));
  expect(waits?.why).toBe(why);
  expect(waits?.sentence).toContain(words);
});

test('what is not served is told with the reason: a label that nothing covers, an approval that is missing', () => {
  const seen = { owner: 'o', repository: 'r', workflow: 'w', name: 'n', url: '', queuedAt: NOW };
  const [label, approval] = whyWaiting(
    facts({
      queued: [],
      unserved: [
        { jobId: 8, labels: ['gpu'], why: 'noLabel', ...seen },
        { jobId: 9, labels: ['macos-15'], why: 'approval', ...seen },
      ],
    }),
  );
  expect(label).toMatchObject({ jobId: 8, why: 'noLabel', position: null });
  expect(label?.sentence).toBe('No profile covers its runs-on [gpu]; this daemon has macos-15.');
  expect(approval?.sentence).toContain('approval at GitHub');
});
