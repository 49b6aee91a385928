import type { JobObservation } from '../../../machines/job/observation.ts';

/** Milliseconds by which a delivery may come later than our own look. */
const GRACE = 60_000;
/** Deliveries and expectations that are remembered; the oldest are forgotten first. */
const MOST_REMEMBERED = 20_000;

/**
 * Finds events at GitHub for which no delivery came. For each job two deliveries are expected: that it is
 * queued, and that it is completed. When either is seen in another way, its delivery has to come within a
 * minute.
 */
export class WebhookGaps {
  readonly #since: number;
  readonly #told = new Set<string>();
  readonly #expected = new Map<string, number>();

  /** `since`: epoch ms; an earlier event is not a gap. */
  constructor(since: number) {
    this.#since = since;
  }

  /** `githubNow`: epoch ms on GitHub's clock. */
  delivered(job: JobObservation, now: number, githubNow: number): void {
    const { jobId, status } = job;
    const key = `${jobId} ${status}`;
    this.#expected.delete(key);
    this.#told.add(key);
    const [oldest] = this.#told;
    if (this.#told.size > MOST_REMEMBERED && oldest !== undefined) this.#told.delete(oldest);
    const isOld = this.#isOld(job, now, githubNow);
    if (!isOld && (status === 'in_progress' || status === 'completed')) this.#expect(`${jobId} queued`, now);
  }

  /** Notes a job of ours as a look at GitHub showed it; `githubNow`: epoch ms on GitHub's clock. */
  seen(job: JobObservation, now: number, githubNow: number): void {
    if (job.status === 'waiting' || this.#isOld(job, now, githubNow)) return;
    this.#expect(`${job.jobId} queued`, now);
    if (job.status === 'completed') this.#expect(`${job.jobId} completed`, now);
  }

  /** The deliveries that did not come in time, as texts; each is returned once. */
  overdue(now: number): string[] {
    const late = [...this.#expected].filter(([, at]) => now - at >= GRACE).map(([key]) => key);
    for (const key of late) {
      this.#expected.delete(key);
      this.#told.add(key);
    }
    return late.map((key) => {
      const [job, status] = key.split(' ');
      return `no delivery said that job ${job} is ${status}`;
    });
  }

  /** Whether the job was queued before, when an earlier process or another controller took the deliveries. */
  #isOld({ queuedAt }: JobObservation, now: number, githubNow: number): boolean {
    return githubNow - queuedAt > now - this.#since;
  }

  #expect(key: string, now: number): void {
    if (!this.#told.has(key) && !this.#expected.has(key) && this.#expected.size < MOST_REMEMBERED) {
      this.#expected.set(key, now);
    }
  }
}
