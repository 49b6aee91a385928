import { planScenario } from './plan-scenario.ts';
import type { Scenario } from './scenario.ts';
import { IMAGE } from './simulated-world.ts';
import { WELL_BEHAVED } from './well-behaved.ts';

/** One job on one Mac, and nothing goes wrong. */
export const CALM_SCENARIO: Scenario = {
  seed: 1,
  daemon: {
    mode: 'both',
    pollInterval: 30_000,
    recheckInterval: 60_000,
    hostCheckInterval: 20_000,
    gcInterval: 60_000,
    idleTimeout: 60_000,
    lifetimeSeconds: 3_600,
    warm: { mac: 0, 'mac-large': 0 },
    warmMaxAge: 3_600_000,
    holdFailed: null,
    baseVms: false,
    retention: 24 * 3_600_000,
    images: { mac: IMAGE, 'mac-large': IMAGE },
  },
  repositories: ['acme/app'],
  scope: 'repository',
  clock: { aheadBy: 0, settings: [] },
  slowestWrite: 20,
  hop: [1, 30],
  macs: planScenario(1).macs.slice(0, 1),
  github: {},
  pushes: [
    {
      at: 1_000,
      jobs: [{ label: 'mac', lasts: 10_000, conclusion: 'success', needsApproval: false }],
      cancelAfter: null,
      approveAfter: null,
      rerunAfter: null,
    },
  ],
  faults: [],
  incidents: [],
  troubles: [],
  untruths: { rows: 0, vms: 0, deliveries: 0 },
  manners: WELL_BEHAVED,
  crashes: [],
  restartsAfter: [100],
  calmFrom: 0,
};
