import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkDaemon } from '../../src/cli/check/check-daemon.ts';
import { decideHealth, UNSERVED_BOUND } from '../../src/health/decide-health.ts';
import { HEALTH_SUBJECTS, type Health } from '../../src/health/health.ts';
import type { HealthFacts } from '../../src/health/health-facts.ts';
import type { Readiness } from '../../src/http/admin/api/api-routes.ts';
import { createPublicApp } from '../../src/http/public-app.ts';
import { attentionOf } from '../../src/journal/attention/attention.js';
import { emptyOverview } from '../../src/journal/overview.js';
import { serviceVerdict } from '../../src/page/overview/service-verdict.js';
import { load, SMALLEST } from '../config/config-fixture.ts';
import { StagedDaemon } from '../page/staged-daemon.ts';
import { BOUND, breakerOf, factsOf, hostOf, NOW, pollerOf, RUNS } from './health-rig.ts';

const TOKEN = 's3cret-admin-token';

/** What a request without a token must not get. */
const SECRETS = ['acme/app', '/var/lib/jeballto', 'It did not answer', 'mac-1'];

const SITUATIONS: Record<string, Partial<HealthFacts>> = {
  'all is well': {},
  'the store refuses writes': {
    store: { ok: false, failingSince: NOW, lastError: 'ENOSPC /var/lib/jeballto' },
  },
  'the only host is silent': { hosts: [hostOf('mac-1', BOUND + 1, { failure: 'It did not answer.' })] },
  'one host of two is silent': { hosts: [hostOf('mac-1', 3_600_000), hostOf('mac-2', 0)] },
  'GitHub is not read': { poller: pollerOf({ [RUNS]: BOUND + 1, 'active jobs': BOUND + 1 }) },
  'GitHub is not read, and webhooks come': {
    poller: pollerOf({ [RUNS]: BOUND + 1, 'active jobs': 0 }),
    mode: 'both',
    webhooks: { state: 'trusted', deliveryAge: 0 },
  },
  'the scheduler is wedged': { profiles: [{ name: 'ios', unservedFor: UNSERVED_BOUND + 1 }] },
  'a pull is refused': { breakers: [breakerOf('pull', 'ghcr.io for ios')] },
  'all scopes are paused': { breakers: [breakerOf('registration', 'acme/app')] },
  'the daemon is ending': { isDraining: true },
};

let daemon: StagedDaemon;
beforeEach(async () => {
  daemon = await StagedDaemon.start(TOKEN);
});
afterEach(() => daemon.close());

const ask = (path: string, token: string | null) =>
  fetch(`${daemon.url}${path}`, token === null ? {} : { headers: { authorization: `Bearer ${token}` } });

async function answers() {
  const ready = await ask('/readyz', TOKEN);
  const told = (await ready.json()) as Readiness;
  const figures = await (await ask('/metrics', TOKEN)).text();
  const figure = (name: string, label = '') =>
    Number(new RegExp(`^jeballto_runner_${name}${label} (.+)$`, 'm').exec(figures)?.[1]);
  const items = attentionOf({
    ...{ overview: emptyOverview(), now: NOW, isSilent: false, unreadable: {}, runners: [] },
    scopes: told.scopes ?? [],
  });
  const verdict = serviceVerdict({
    ...{ readiness: told, items, now: NOW },
    ...{ isPast: false, isReplay: false, lostAt: null },
  });
  const { hostname, port } = new URL(daemon.url);
  const listen = { host: hostname, port: Number(port) };
  const found = await checkDaemon({ ...load(SMALLEST).config, admin: { listen, token: TOKEN } });
  const publicApp = createPublicApp({
    webhook: (c) => c.body(null),
    watch: (_c, next) => next(),
    canStore: () => daemon.health.canStore,
  });
  const alive = await ask('/healthz', TOKEN);
  return {
    readyz: { status: ready.status, ready: told.ready, degraded: told.degraded, scopes: told.scopes },
    page: { mood: verdict.mood, items },
    check: {
      isReady: found.some(({ message }) => message.endsWith('; it is ready.')),
      wrong: found.filter(({ verdict }) => verdict === 'wrong').map(({ message }) => message),
      notes: found.filter(({ about, verdict }) => about === 'daemon' && verdict === 'note').length,
    },
    metrics: {
      ready: figure('ready'),
      degraded: HEALTH_SUBJECTS.flatMap((what) =>
        Array<string>(figure('degraded', `{what="${what}"}`)).fill(what),
      ).sort(),
      ages: [
        ...figures.matchAll(/^jeballto_runner_last_success_age_seconds\{what="(\w+)",name="(.*)"\} (.+)$/gm),
      ].map(([, what, name, seconds]) => ({ what, name, age: Number(seconds) * 1000 })),
    },
    healthz: {
      own: [alive.status, ((await alive.json()) as { ok: boolean }).ok],
      open: (await publicApp.request('/healthz')).status,
    },
  };
}

describe.each(Object.entries(SITUATIONS))('while %s', (_what, change) => {
  let health: Health;
  beforeEach(() => {
    health = decideHealth(factsOf(change));
    daemon.health = health;
  });

  test('readyz, healthz, the page, check and the metrics agree', async () => {
    const { readyz, healthz, page, check, metrics } = await answers();
    const { ready, degraded, scopes } = health;
    const stopping = scopes.filter(({ stops }) => stops).length;
    expect(readyz).toEqual({ status: ready ? 200 : 503, ready, degraded, scopes });
    expect(healthz).toEqual({ own: [200, health.canStore], open: health.canStore ? 200 : 503 });
    expect(page.mood).toBe(ready ? (degraded ? 'warn' : 'good') : 'bad');
    expect(page.items.map(({ mood }) => mood === 'bad')).toEqual(scopes.map(({ stops }) => stops));
    expect([check.isReady, check.wrong.length, check.notes]).toEqual([
      ready,
      stopping,
      scopes.length - stopping,
    ]);
    expect(metrics.ready).toBe(Number(ready));
    expect(metrics.degraded).toEqual(scopes.map(({ what }) => what).sort());
    expect(metrics.ages).toEqual(health.ages);
    for (const { sentence, whoActs } of scopes) {
      expect(page.items).toContainEqual(expect.objectContaining({ sentence, act: whoActs }));
    }
  });

  test('a request without a token gets only booleans', async () => {
    for (const [path, keys] of [
      ['/readyz', ['ready', 'degraded']],
      ['/healthz', ['ok']],
    ] as const) {
      const text = await (await ask(path, null)).text();
      const body = JSON.parse(text) as Record<string, unknown>;
      expect(Object.keys(body)).toEqual(keys);
      expect(Object.values(body).map((value) => typeof value)).toEqual(keys.map(() => 'boolean'));
      for (const secret of SECRETS) expect(text).not.toContain(secret);
    }
  });
});
