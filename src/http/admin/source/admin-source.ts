import type { JobStory } from '../../../evidence/evidence-file.ts';
import type { JobView } from '../../../jobs/job-view.ts';
import type { UnservedJob } from '../../../placement/unserved-jobs.ts';
import type { Waiting } from '../../../placement/why-waiting.ts';
import type { SettledJob } from '../../../store/tables/settled-jobs.ts';
import type { CollectionStep } from '../../../upkeep/plan-collection.ts';
import type { Recording } from './recording.ts';

/** What the admin listener shows; the controller supplies it, or a file that somebody sent. */
export interface AdminSource {
  /** `live`, or `replay` where nothing moves and nothing can be ordered. */
  mode: 'live' | 'replay';
  recording: Recording;
  jobs(): JobView[];
  recent(limit: number): Promise<SettledJob[]>;
  job(jobId: number): Promise<JobStory | null>;
  evidence(jobId: number): Promise<object | null>;
  /** Median, p95 and failures by state. */
  stats(): object;
  waiting(): { waiting: Waiting[]; unserved: UnservedJob[] };
  hosts(): unknown[];
  sources(): object;
  status(): { ok: boolean; reasons: string[] } & Record<string, unknown>;
  /** Whether new jobs can be served now, and if not, why. */
  readiness(): { ready: boolean; reasons: string[] };
  metrics(): Promise<string>;
  collect(dryRun: boolean, by: string): Promise<CollectionStep[]>;
  orders: AdminOrders | null;
}

/** What an operator may order. Each may throw an OrderRefused. */
export interface AdminOrders {
  cancel(jobId: number, by: string): void;
  retry(jobId: number, by: string): Promise<void>;
  cordon(host: string, by: string): void;
  uncordon(host: string, by: string): void;
  drain(host: string, by: string): void;
}
