import { z } from 'zod';
import { instant, optional } from './agent-vm.ts';

/** A pull of an image. The agent keeps operations in memory only: after its restart they are unknown. */
export const pullOperationSchema = z.object({
  operationId: z.string().min(1),
  reference: z.string(),
  status: z.enum(['started', 'running', 'cancelling', 'completed', 'failed', 'cancelled']),
  /** 0 to 1; 1 only when completed. */
  progress: optional(z.number()),
  bytesCompleted: z.number(),
  bytesTotal: optional(z.number()),
  startedAt: instant,
  digest: optional(z.string()),
  errorCode: optional(z.string()),
  error: optional(z.string()),
});

export type PullOperation = z.output<typeof pullOperationSchema>;
