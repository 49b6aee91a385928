import type { Config, HostConfig } from '../../config/schema.ts';
import type { PendingCreates } from '../../effects/pending-creates.ts';
import type { RunnerSecrets } from '../../effects/runner/runner-secrets.ts';
import type { EvidenceRecorder } from '../../evidence/evidence-recorder.ts';
import type { ConnectionPool } from '../../guest/connection-pool.ts';
import type { Pulls } from '../../hosts/pulls.ts';
import type { BaseVms } from '../../upkeep/bases/base-vms.ts';
import type { Core } from '../create-core.ts';
import type { Connections } from '../outside/connections.ts';
import type { Intake } from './create-intake.ts';

/** What lasts over a reload of the config and ends with the process. */
export interface ProcessMemory {
  /** Without them a runner that was registered just before would need another registration, and another name. */
  secrets: RunnerSecrets;
  /** Calls under way: the next part waits for them in place of sending them again. */
  creates: PendingCreates;
  guests: ConnectionPool;
}

/** The active part of the earlier config, which is stopped. The next part takes over what is still valid. */
export interface Predecessor
  extends Intake,
    Pick<Core, 'hosts' | 'cordons' | 'cordonWatch' | 'hostEntries' | 'breakers'> {
  config: Config;
  agents: Connections['agents'];
  /** Hosts of earlier configs on which something of ours was left. */
  leaving(): readonly HostConfig[];
  pulls: Pulls;
  bases: BaseVms;
  recorder: EvidenceRecorder;
}
