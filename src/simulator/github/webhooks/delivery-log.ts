import type { Job, JobState, JobStatus } from '../jobs/job.ts';
import type { Hook } from './hook.ts';

/** What an event says; the payload is made from it when it is needed. */
export type Announcement =
  | {
      readonly event: 'workflow_job';
      readonly action: JobStatus;
      readonly job: Job;
      readonly state: JobState;
    }
  | { readonly event: 'ping'; readonly action: null };

/** One try to deliver an event; a redelivery is another try with the same GUID. */
export interface Delivery {
  readonly id: bigint;
  readonly guid: string;
  readonly hook: Hook;
  readonly announcement: Announcement;
  readonly redelivery: boolean;
  readonly deliveredAt: number;
  /** Seconds. */
  readonly duration: number;
  /** `OK`, or what went wrong. */
  readonly status: string;
  /** 0 when no response came in time, null when no receiver was reachable. */
  readonly statusCode: number | null;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly answer: string;
}

/** GitHub shows deliveries for three days. */
const RETENTION_MS = 3 * 24 * 3_600_000;

/** When there are more, a long run of the simulator drops the oldest. */
const MAX_ENTRIES = 10_000;

export class DeliveryLog {
  private readonly entries = new Map<bigint, Delivery>();

  add(delivery: Delivery): void {
    this.entries.set(delivery.id, delivery);
    const [oldest] = this.entries.keys();
    if (this.entries.size > MAX_ENTRIES && oldest !== undefined) this.entries.delete(oldest);
  }

  get(id: bigint, now: number): Delivery | null {
    const found = this.entries.get(id);
    return found && isKept(found, now) ? found : null;
  }

  /** Those of one webhook, newest first. */
  of(hook: Hook, now: number): Delivery[] {
    return [...this.entries.values()].filter((one) => one.hook === hook && isKept(one, now)).toReversed();
  }
}

const isKept = (delivery: Delivery, now: number) => now - delivery.deliveredAt < RETENTION_MS;
