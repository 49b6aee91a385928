import { expect, test } from 'vitest';
import type { BreakerAbout, BreakerView } from '../../../machines/breaker.ts';
import { failure } from '../../../machines/failure.ts';
import { instant } from '../../../src/format.js';
import type { HostRoom, WaitingFacts } from '../../../src/placement/waiting/waiting.ts';
import { whyWaiting } from '../../../src/placement/waiting/why-waiting.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const at = (ms: number) => new Date(ms).toTimeString().slice(0, 8);
const host = (more: Partial<HostRoom> = {}): HostRoom => ({
  name: 'mini-1',
  acceptsJobs: true,
  state: 'healthy',
  failure: null,
  unreachableSince: null,
  cordon: null,
  maintenanceSince: null,
  proof: null,
  slots: 2,
  free: 0,
  holders: [
    { what: 'job 5 (app)', doing: 'running', ours: true, since: NOW - 60_000 },
    { what: 'VM dev-box (not ours)', doing: null, ours: false, since: NOW - 9_000_000 },
  ],
  ...more,
});
const queued = (jobId: number, more = {}) => ({
  ...{ key: String(jobId), jobId, profile: 'p', queuedAt: NOW - 1_000 * (100 - jobId), notBefore: 0 },
  ...{ owner: 'octo', repository: 'app', lastFailure: null, scope: 'octo/app', image: 'ghcr.io/octo/mac:1' },
  ...more,
});
const facts = (more: Partial<WaitingFacts> = {}): WaitingFacts => ({
  ...{
    queued: [queued(1)],
    hosts: [host()],
    breakers: [],
    pausedUntil: null,
    githubNow: NOW,
    pulls: [],
    unserved: [],
    isDraining: false,
    labels: ['macos-15'],
    runnerLabels: ['self-hosted', 'macos', 'arm64'],
    now: NOW,
  },
  ...more,
});

test('when every slot is used, the reason says who has them, since when, and whose end frees one', () => {
  expect(whyWaiting(facts())).toEqual([
    {
      ...{ key: '1', jobId: 1, why: 'noSlot', position: 1, until: null },
      sentence: `No free slot: all 2 are taken by VM dev-box (not ours) on mini-1 since ${at(NOW - 9_000_000)}, job 5 (app), running on mini-1 since ${at(NOW - 60_000)}.`,
      frees: 'The end of job 5 (app), or of a VM that is not ours.',
    },
  ]);
});

const breaker = (about: BreakerAbout, name: string): BreakerView => ({
  ...{
    about,
    name,
    state: 'open',
    failures: 2,
    openedAt: NOW,
    retryAt: NOW + 60_000,
    retries: 1,
    trialUntil: 0,
    trialBy: null,
  },
  lastFailure: failure('GUEST_TOOL_MISSING', 'git is missing.'),
});

test.each([
  ['profile', 'p', 'The profile p is held back'],
  ['pair', 'p on mini-1', 'The profile p on mini-1 is held back'],
  ['registration', 'octo/app', 'The registration of runners with octo/app is held back'],
  ['github', 'github', 'GitHub is held back'],
  ['pull', 'ghcr.io for p', 'The pull from ghcr.io for p is held back'],
] as const)(
  'a job that the breaker of its %s holds back says until when and why, and holds no place',
  (about, name, words) => {
    const until = NOW + 60_000;
    expect(whyWaiting(facts({ breakers: [breaker(about, name)] }))).toMatchObject([
      {
        ...{ why: 'heldBack', position: null, until },
        sentence: `${words} until ${at(until)}, because it failed 2 times in a row: git is missing.`,
      },
    ]);
  },
);

test('breakers that are not for a job are not its reason', () => {
  const others = [
    breaker('profile', 'q'),
    breaker('pair', 'q on mini-1'),
    breaker('registration', 'octo/tool'),
  ];
  expect(whyWaiting(facts({ breakers: others }))).toMatchObject([{ why: 'noSlot' }]);
});

test('a job of an organization is held back by the breaker of its repository, too', () => {
  const queuedHere = [queued(1, { scope: 'octo' })];
  const why = (name: string) =>
    whyWaiting(facts({ queued: queuedHere, breakers: [breaker('registration', name)] }))[0]?.why;
  expect([why('octo'), why('octo/app'), why('octo/tool')]).toEqual(['heldBack', 'heldBack', 'noSlot']);
});

test("a job that waits for GitHub's budget says until when", () => {
  const pausedUntil = NOW + 600_000;
  expect(whyWaiting(facts({ pausedUntil }))).toMatchObject([
    { why: 'heldBack', until: pausedUntil, sentence: expect.stringContaining(at(pausedUntil)) },
  ]);
});

test('a job whose image is being pulled says on which host, and the progress', () => {
  const pulls = [
    { host: 'mini-1', image: 'ghcr.io/octo/mac:1', progress: 'pulling ghcr.io/octo/mac:1 40 %' },
  ];
  expect(whyWaiting(facts({ pulls }))).toMatchObject([
    {
      why: 'pulling',
      sentence: 'mini-1 does not have the image ghcr.io/octo/mac:1 yet: pulling ghcr.io/octo/mac:1 40 %.',
    },
  ]);
});

test('a job that GitHub keeps queued for longer than a day gets no VM and says so', () => {
  const old = queued(1, { queuedAt: NOW - 26 * 3_600_000 });
  expect(whyWaiting(facts({ queued: [old] }))).toMatchObject([{ why: 'tooOld', position: null }]);
});

test('places are in the order of the scheduler, and a job that pauses has none', () => {
  const until = NOW + 30_000;
  const jobs = [queued(3), queued(1, { notBefore: until }), queued(2)];
  expect(
    whyWaiting(facts({ queued: jobs })).map(({ jobId, position, why }) => [jobId, position, why]),
  ).toEqual([
    [1, null, 'paused'],
    [2, 1, 'noSlot'],
    [3, 2, 'noSlot'],
  ]);
  expect(whyWaiting(facts({ queued: jobs }))[0]?.sentence).toContain(at(until));
});

test('a cordoned host is named with the one who can uncordon it, also where something else holds the job back', () => {
  const hosts = [host(), host({ name: 'mini-2', cordon: { by: 'ada', at: NOW } })];
  const [full] = whyWaiting(facts({ hosts }));
  expect(full?.sentence).toMatch(/\. Besides, mini-2 is cordoned by ada\.$/);
  expect(full?.frees).toMatch(/, or an operator who uncordons mini-2\.$/);
  const [held] = whyWaiting(facts({ hosts, breakers: [breaker('pair', 'p on mini-1')] }));
  expect(held?.sentence).toMatch(/git is missing\. Besides, mini-2 is cordoned by ada\.$/);
  expect(held?.frees).toContain('or an operator who uncordons mini-2.');
});

test('what a breaker says of the last attempt is not said again by its pause', () => {
  const lastFailure = failure('GUEST_TOOL_MISSING', 'git is missing.');
  const resting = queued(1, { notBefore: NOW + 10_000, lastFailure });
  const of = (breakers: BreakerView[]) =>
    whyWaiting(facts({ queued: [resting], breakers }))[0]?.sentence.match(/git is missing/g)?.length;
  expect([of([]), of([breaker('profile', 'p')])]).toEqual([1, 1]);
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
    `mini-1 has been unreachable since ${at(NOW - 5_000)} (It refused)`,
  ],
  ['no host at all', { hosts: [] }, 'unhealthy', 'none is configured'],
  [
    'a cordon, with who ordered it',
    { hosts: [host({ cordon: { by: 'ada', at: 0 } })] },
    'cordoned',
    'mini-1 (by ada)',
  ],
  [
    'a cordon beside a lost host',
    {
      hosts: [
        host({ cordon: { by: 'ada', at: 0 } }),
        host({ name: 'mini-2', acceptsJobs: false, state: 'lost' }),
      ],
    },
    'unhealthy',
    'No host takes jobs: mini-1 is cordoned by ada; mini-2 is lost.',
  ],
  ['a daemon that ends', { isDraining: true }, 'draining', 'ending'],
  ['a turn that has come', { hosts: [host({ free: 1 })] }, 'next', 'this job is the next'],
  [
    'a host that proves itself',
    {
      hosts: [
        host({ proof: { cause: 'lost', since: NOW - 5_000 }, slots: 2, free: 0, holders: [] }),
        host({ name: 'mini-2' }),
      ],
    },
    'proving',
    `mini-1 gets one VM first, to prove that it works: it did not respond until ${at(NOW - 5_000)}. The slots of the other hosts are taken.`,
  ],
  [
    'a host whose agent refuses changes',
    { hosts: [host({ acceptsJobs: false, maintenanceSince: NOW - 5_000 })] },
    'unhealthy',
    `mini-1 is in maintenance: its agent has refused changes since ${at(NOW - 5_000)}`,
  ],
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

test('of cordons with an end, the first end is when a job may go on', () => {
  const cordon = (until?: number) => ({ by: 'ada', at: 0, ...(until !== undefined && { until }) });
  const hosts = [
    host({ cordon: cordon(NOW + 9_000) }),
    host({ name: 'mini-2', cordon: cordon(NOW + 5_000) }),
  ];
  const [waits] = whyWaiting(facts({ hosts: [...hosts, host({ name: 'mini-3', cordon: cordon() })] }));
  expect(waits).toMatchObject({
    why: 'cordoned',
    until: NOW + 5_000,
    frees: 'That time, or an operator who uncordons a host.',
  });
  expect(waits?.sentence).toContain(`mini-1 (by ada until ${instant(NOW + 9_000)})`);
});

test('a job that is not served has its reason: a label that no profile matches, or a missing approval', () => {
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
  expect(label?.sentence).toBe(
    'No label of the config matches its runs-on ["gpu"]; the config has macos-15.',
  );
  expect(approval?.sentence).toContain('approval at GitHub');
});

test('of several causes the one that a person has to end is named first, then the one that lasts longest', () => {
  const trial = { ...breaker('profile', 'p'), state: 'halfOpen.trying' as const };
  const cordoned = { hosts: [host({ cordon: { by: 'ada', at: 0 } })] };
  const [byPerson] = whyWaiting(facts({ ...cordoned, breakers: [trial] }));
  expect(byPerson).toMatchObject({ why: 'cordoned', frees: 'An operator who uncordons a host.' });
  expect(byPerson?.sentence).toMatch(/^Every host is cordoned: .* Also: The profile p is held back/);

  const resting = queued(1, { notBefore: NOW + 10_000 });
  const [longest] = whyWaiting(facts({ queued: [resting], breakers: [breaker('profile', 'p')] }));
  expect(longest).toMatchObject({ why: 'heldBack', until: NOW + 60_000 });
  expect(longest?.sentence).toContain('Also: It is paused until');
});
