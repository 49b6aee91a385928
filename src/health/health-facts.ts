import type { BreakerView } from '../../machines/breaker.ts';
import type { WebhooksState } from '../../machines/webhooks.ts';
import type { PollerHealth } from '../intake/polling/poller.ts';
import type { Renamed } from '../intake/repository-names.ts';
import type { WriteHealth } from '../store/group-commit.ts';
import type { Cordon } from '../store/tables/hosts/cordons.ts';

/** All that the daemon's health is decided from. Ages and lengths in milliseconds, instants in epoch ms. */
export interface HealthFacts {
  now: number;
  /** For how long the daemon has run. */
  upFor: number;
  /** For how long the Mac of the daemon has run; null where the machine is not a Mac. */
  macUpFor: number | null;
  isDraining: boolean;
  store: Pick<WriteHealth, 'ok' | 'failingSince' | 'lastError'>;
  hosts: HostFacts[];
  /** Between two looks at a host. */
  hostCheckInterval: number;
  poller: Pick<PollerHealth, 'looks' | 'pace' | 'lastPace' | 'took' | 'outages' | 'budgets'>;
  mode: 'poll' | 'webhook' | 'both';
  webhooks: { state: WebhooksState; deliveryAge: number | null };
  /** Those that are not closed. */
  breakers: BreakerView[];
  /** For each repository, the names of the breakers that can hold back its registrations. */
  registrations: string[][];
  profiles: ProfileFacts[];
  /** Age of the last grant of a slot; null when there was none. */
  grantAge: number | null;
  renamed: Renamed[];
}

export interface HostFacts {
  name: string;
  /** Age of the last successful look; null when there was none. */
  lookAge: number | null;
  /** Why the last look failed; null when it succeeded. */
  failure: string | null;
  cordon: Cordon | null;
  /** For how long its agent has refused changes, as far as is known; null while it takes them. */
  maintenanceAge: number | null;
  /** For how long its agent has run; null when it was not looked at. */
  upFor: number | null;
}

export interface ProfileFacts {
  name: string;
  /** For how long a job of it could have had a slot and got none; 0 when there is no such job. */
  unservedFor: number;
}
