import { describe, expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
import { DELIVERY_BOUND, decideHealth, UNSERVED_BOUND } from '../../src/health/decide-health.ts';
import type { HealthFacts } from '../../src/health/health-facts.ts';
import { BOUND, breakerOf, factsOf, hostOf, NOW, PACE, pollerOf, RUNS } from './health-rig.ts';

/** `ready` or `not ready`, and each scope as `what name`, with a ! if it stops everything. */
function verdict(change: Partial<HealthFacts> = {}): string[] {
  const { ready, scopes } = decideHealth(factsOf(change));
  const named = scopes.map(({ what, name, stops }) => `${what}${name ? ` ${name}` : ''}${stops ? '!' : ''}`);
  return [ready ? 'ready' : 'not ready', ...named];
}

test('a daemon whose looks all succeeded is ready and not degraded', () => {
  expect(decideHealth(factsOf())).toMatchObject({ ready: true, degraded: false, canStore: true, scopes: [] });
});

test('a daemon that cannot write its store is not ready, and reports that it cannot store', () => {
  const store = { ok: false, failingSince: NOW - 5_000, lastError: 'no space left' };
  const health = decideHealth(factsOf({ store }));
  expect(verdict({ store })).toEqual(['not ready', 'store!']);
  expect(health).toMatchObject({
    canStore: false,
    scopes: [{ sentence: 'The store cannot be written: no space left', since: NOW - 5_000 }],
  });
});

test('a daemon that is draining is not ready', () => {
  expect(verdict({ isDraining: true })).toEqual(['not ready', 'daemon!']);
});

describe('a host', () => {
  test('is a scope of its own only when it has been silent for longer than its bound', () => {
    const failing = { failure: 'It did not answer.' };
    expect(verdict({ hosts: [hostOf('mac-1', BOUND, failing)] })).toEqual(['ready']);
    expect(verdict({ hosts: [hostOf('mac-1', 1_000), hostOf('mac-2', BOUND + 1, failing)] })).toEqual([
      'ready',
      'host mac-2',
    ]);
  });

  test('that was never seen takes no jobs, so a daemon with no other host is not ready', () => {
    expect(verdict({ hosts: [hostOf('mac-1', null)] })).toEqual(['not ready', 'hosts!', 'host mac-1']);
  });

  test('that is silent says for how long, why, since when, and who must act', () => {
    const hosts = [hostOf('mac-1', 1_000), hostOf('mac-2', 95_000, { failure: 'ECONNREFUSED.' })];
    expect(decideHealth(factsOf({ hosts })).scopes).toEqual([
      {
        what: 'host',
        name: 'mac-2',
        sentence: 'mac-2 has not answered for 1 min 35 s: ECONNREFUSED.',
        since: NOW - 95_000,
        whoActs: 'The owner of mac-2: check that its agent and its network work.',
        stops: false,
      },
    ]);
  });

  test.each<[string, HealthFacts['hosts'], HealthFacts['breakers'], string]>([
    ['silent', [hostOf('a', BOUND + 1), hostOf('b', BOUND + 1)], [], 'a has not answered for 50 s; b has'],
    ['cordoned', [hostOf('a', 0, { cordon: { by: 'ada', at: 0 } })], [], 'a is cordoned by ada.'],
    ['in maintenance', [hostOf('a', 0, { maintenanceAge: 5_000 })], [], 'a is in maintenance: its agent'],
    ['held back', [hostOf('a', 0)], [breakerOf('host', 'a')], 'a is held back.'],
  ])('that is %s, as all others are, stops everything', (_what, hosts, breakers, why) => {
    const [first] = decideHealth(factsOf({ hosts, breakers })).scopes;
    expect(first).toMatchObject({ what: 'hosts', stops: true });
    expect(first?.sentence).toContain(why);
  });

  test('that is held back but may be tried again is degraded, and the daemon is ready', () => {
    expect(verdict({ breakers: [breakerOf('host', 'mac-1', 'halfOpen.ready')] })).toEqual([
      'ready',
      'host mac-1',
    ]);
  });
});

describe('polling', () => {
  const late = pollerOf({ [RUNS]: BOUND + 1, 'active jobs': 0 });

  test('that is overdue stops everything when nothing else brings jobs', () => {
    expect(verdict({ poller: pollerOf({ [RUNS]: BOUND, 'active jobs': 0 }) })).toEqual(['ready']);
    expect(verdict({ poller: late })).toEqual(['not ready', `polling ${RUNS}!`]);
    expect(verdict({ poller: late, mode: 'webhook' })).toEqual(['not ready', `polling ${RUNS}!`]);
  });

  test.each(['trusted', 'repairing'] as const)(
    'that is overdue is only degraded while webhooks arrive and are %s',
    (state) => {
      const told = (deliveryAge: number) =>
        verdict({ poller: late, mode: 'both', webhooks: { state, deliveryAge } });
      expect(told(DELIVERY_BOUND)).toEqual(['ready', `polling ${RUNS}`]);
      expect(told(DELIVERY_BOUND + 1)).toEqual(['not ready', `polling ${RUNS}!`]);
    },
  );

  test.each(['silent', 'doubted'] as const)(
    'that is overdue stops everything when webhooks are %s',
    (state) => {
      expect(verdict({ poller: late, mode: 'both', webhooks: { state, deliveryAge: 0 } })).toEqual([
        'not ready',
        `polling ${RUNS}!`,
      ]);
    },
  );

  test('that is overdue for one repository of two is degraded', () => {
    const poller = pollerOf({ [RUNS]: BOUND + 1, 'the runs of acme/tool': 0, 'active jobs': 0 });
    expect(verdict({ poller })).toEqual(['ready', `polling ${RUNS}`]);
  });

  test('that is overdue for active jobs only is degraded', () => {
    expect(verdict({ poller: pollerOf({ [RUNS]: 0, 'active jobs': BOUND + 1 }) })).toEqual([
      'ready',
      'polling active jobs',
    ]);
  });

  test('may take as long as the last whole look did', () => {
    const poller = pollerOf({ [RUNS]: BOUND + 60_000, 'active jobs': 0 }, { took: 30_000 });
    expect(verdict({ poller })).toEqual(['ready']);
  });

  test('may take until the end of a wait that was planned at a slower pace', () => {
    const poller = pollerOf({ [RUNS]: BOUND + 1, 'active jobs': 0 }, { lastPace: 2 * PACE });
    expect(verdict({ poller })).toEqual(['ready']);
  });

  test('is not needed when no repository is polled', () => {
    expect(verdict({ poller: pollerOf({ 'active jobs': 0 }), mode: 'webhook' })).toEqual(['ready']);
  });

  test('that is overdue says its age, and why it failed if it did', () => {
    const outage = {
      what: RUNS,
      since: NOW,
      failure: failure('GITHUB_UNREACHABLE', 'GitHub did not answer.'),
    };
    const sentence = (poller: HealthFacts['poller']) => decideHealth(factsOf({ poller })).scopes[0]?.sentence;
    expect(sentence(pollerOf({ [RUNS]: 95_000 }, { outages: [outage] }))).toBe(
      'The runs of acme/app were last read at GitHub 1 min 35 s ago: GitHub did not answer.',
    );
    expect(sentence(pollerOf({ [RUNS]: 95_000 }))).toBe(
      'The runs of acme/app were last read at GitHub 1 min 35 s ago.',
    );
    expect(sentence(pollerOf({ [RUNS]: null }))).toBe('The runs of acme/app were not read at GitHub yet.');
  });
});

test('a used-up budget stops everything only when it is the budget of serving jobs', () => {
  const rests = (purpose: 'serving jobs' | 'looking for work' | 'rechecks') =>
    verdict({
      poller: pollerOf({ [RUNS]: 0 }, { budgets: [{ purpose, left: 0, pausedUntil: NOW + PACE }] }),
    });
  expect(rests('serving jobs')).toEqual(['not ready', 'budget serving jobs!']);
  expect(rests('looking for work')).toEqual(['ready', 'budget looking for work']);
  expect(rests('rechecks')).toEqual(['ready']);
});

describe('a profile whose jobs could start and do not', () => {
  const profiles = [
    { name: 'ios', unservedFor: UNSERVED_BOUND + 1 },
    { name: 'tv', unservedFor: UNSERVED_BOUND },
  ];

  test('is degraded while other profiles get slots, and stops everything while none does', () => {
    expect(verdict({ profiles, grantAge: 1_000 })).toEqual(['ready', 'profile ios']);
    expect(verdict({ profiles, grantAge: UNSERVED_BOUND + 1 })).toEqual(['not ready', 'profile ios!']);
    expect(verdict({ profiles, grantAge: null })).toEqual(['not ready', 'profile ios!']);
  });

  test('is listed with its age', () => {
    expect(decideHealth(factsOf({ profiles })).ages).toContainEqual({
      what: 'profile',
      name: 'ios',
      age: UNSERVED_BOUND + 1,
    });
  });
});

describe('what is held back', () => {
  test.each(['pull', 'pair', 'profile', 'registration'] as const)(
    'is only degraded when it is a %s',
    (about) => {
      expect(verdict({ breakers: [breakerOf(about, 'x')] })).toEqual(['ready', `${about} x`]);
    },
  );

  test('stops everything when it is GitHub, until an attempt may be tried', () => {
    expect(verdict({ breakers: [breakerOf('github', 'github')] })).toEqual(['not ready', 'github github!']);
    expect(verdict({ breakers: [breakerOf('github', 'github', 'halfOpen.ready')] })).toEqual([
      'ready',
      'github github',
    ]);
  });

  test('stops everything only when every scope is paused', () => {
    const paused = (...names: string[]) =>
      verdict({
        registrations: [['acme/app'], ['acme/tool']],
        breakers: names.map((name) => breakerOf('registration', name)),
      });
    expect(paused('acme/app')).toEqual(['ready', 'registration acme/app']);
    expect(paused('acme/app', 'acme/tool')).toEqual([
      'not ready',
      'registration acme/app!',
      'registration acme/tool!',
    ]);
  });

  test('stops everything when an organization is paused, or each repository in it', () => {
    const paused = (...names: string[]) =>
      verdict({
        registrations: [
          ['acme', 'acme/app'],
          ['acme', 'acme/tool'],
        ],
        breakers: names.map((name) => breakerOf('registration', name)),
      })[0];
    expect([paused('acme/app'), paused('acme'), paused('acme/app', 'acme/tool')]).toEqual([
      'ready',
      'not ready',
      'not ready',
    ]);
  });
});

test('a repository that the config has under its former name is degraded, and served', () => {
  expect(verdict({ renamed: [{ from: 'acme/app', to: 'acme/new' }] })).toEqual([
    'ready',
    'repository acme/app',
  ]);
});

test('the age of a look that never succeeded counts from the start of the daemon', () => {
  const ages = decideHealth(factsOf({ upFor: 42, hosts: [hostOf('mac-1', null)] })).ages;
  expect(ages).toContainEqual({ what: 'host', name: 'mac-1', age: 42 });
});
