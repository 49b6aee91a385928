import type { ConfigProblem } from '../config-error.ts';
import type { ConfigChange } from './config-changes.ts';
import type { ShownKey } from './shown-keys.ts';

/** How a reload of the config ended. */
export interface ReloadResult {
  /** `refused`: there are problems, and nothing has changed. */
  outcome: 'applied' | 'unchanged' | 'refused';
  /** Epoch ms. */
  at: number;
  /** Who ordered it; `SIGHUP` for the signal. */
  by: string;
  /** The file that was read. */
  path: string;
  /** The digest of the config that is in force after it. */
  digest: string;
  changes: ConfigChange[];
  problems: ConfigProblem[];
  /** What is allowed but probably not intended. */
  warnings: ConfigProblem[];
}

/** The config with which the daemon works, without secrets. */
export interface ConfigInForce {
  path: string;
  digest: string;
  /** Epoch ms. */
  since: number;
  keys: readonly ShownKey[];
  /** Null when none was ordered since the start. */
  lastReload: ReloadResult | null;
}
