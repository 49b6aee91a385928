import type { Health } from '../../src/health/health.ts';

/** The health of a daemon that serves everything. */
export const GOOD_HEALTH: Health = { ready: true, degraded: false, canStore: true, scopes: [], ages: [] };
