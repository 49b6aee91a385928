import { failure } from '../../machines/failure.ts';
import { boundOf } from '../../src/health/decide-health.ts';
import type { HealthFacts } from '../../src/health/health-facts.ts';

export const NOW = Date.UTC(2026, 10, 24, 12);
export const PACE = 10_000;
/** Milliseconds after which a look at that pace is overdue. */
export const BOUND = boundOf(PACE);

export const RUNS = 'the runs of acme/app';

/** The facts of a daemon that serves everything; `change` replaces some of them. */
export function factsOf(change: Partial<HealthFacts> = {}): HealthFacts {
  return {
    now: NOW,
    upFor: 3_600_000,
    macUpFor: null,
    isDraining: false,
    store: { ok: true, failingSince: null, lastError: null },
    hosts: [hostOf('mac-1', 1_000)],
    hostCheckInterval: PACE,
    poller: pollerOf({ [RUNS]: 1_000, 'active jobs': 1_000 }),
    mode: 'poll',
    webhooks: { state: 'silent', deliveryAge: null },
    breakers: [],
    registrations: [['acme/app']],
    profiles: [{ name: 'ios', unservedFor: 0 }],
    grantAge: null,
    renamed: [],
    ...change,
  };
}

export const hostOf = (
  name: string,
  lookAge: number | null,
  change: Partial<HealthFacts['hosts'][number]> = {},
) => ({
  name,
  lookAge,
  failure: null,
  cordon: null,
  maintenanceAge: null,
  upFor: null,
  ...change,
});

/** A poller with the age of each of its reads in milliseconds. */
export const pollerOf = (
  ages: Record<string, number | null>,
  change: Partial<HealthFacts['poller']> = {},
): HealthFacts['poller'] => ({
  looks: Object.entries(ages).map(([what, age]) => ({ what, age })),
  pace: PACE,
  lastPace: PACE,
  took: 0,
  outages: [],
  budgets: [],
  ...change,
});

export function breakerOf(
  about: HealthFacts['breakers'][number]['about'],
  name: string,
  state: HealthFacts['breakers'][number]['state'] = 'open',
): HealthFacts['breakers'][number] {
  return {
    about,
    name,
    state,
    failures: 2,
    lastFailure: failure('GITHUB_UNREACHABLE', 'It did not answer.'),
    openedAt: NOW - 60_000,
    retryAt: NOW + 60_000,
    retries: 1,
    trialUntil: 0,
    trialBy: null,
  };
}
