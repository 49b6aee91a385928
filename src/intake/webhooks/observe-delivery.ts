import { z } from 'zod';
import type { JobObservation } from '../../../machines/job/observation.ts';
import { jobSchema, observeJob } from '../../github/observe-job.ts';

const workflowJobSchema = z.object({
  workflow_job: jobSchema,
  repository: z.object({ name: z.string(), owner: z.object({ login: z.string() }) }),
});

/**
 * What a `workflow_job` delivery says. Its `action` is not read: `queued` comes with the status `waiting` when an
 * environment has to be approved first. A string says which field is wrong, in words for GitHub's delivery page.
 */
export function observeDelivery(payload: unknown, seenAt: number): JobObservation | string {
  const parsed = workflowJobSchema.safeParse(payload);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `${issue?.path.join('.') || 'the payload'}: ${issue?.message}`;
  }
  const { workflow_job: job, repository } = parsed.data;
  return observeJob(job, {
    source: 'webhook',
    seenAt,
    owner: repository.owner.login,
    repository: repository.name,
  });
}
