import type { Readiness } from '../../src/http/admin/api/api-routes.ts';
import type { SendWebhook } from '../../src/simulator/github/webhooks/webhook-sender.ts';

/** The daemon as the world sees it: one that is alone on its disk, or several controllers on a database. */
export interface Lives {
  /** Processes that it had. */
  readonly count: number;
  /** How often one of several controllers became the active one. */
  readonly takeOvers: number;
  /** Something acts, unless it sleeps. */
  readonly isUp: boolean;
  readonly isAwake: boolean;
  start(): void;
  restart(downMs: number): Promise<void>;
  reload(): void;
  readiness(): Promise<Readiness | null>;
  order(path: string): Promise<void>;
  sleep(ms: number, isCounted: boolean): Promise<void>;
  takeWebhook: SendWebhook;
  /** What has not come to rest. */
  left(): string[];
  end(): void;
}
