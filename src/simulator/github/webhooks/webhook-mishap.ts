import { z } from 'zod';
import type { Fault } from '../../faults.ts';

/**
 * What can go wrong with one delivery beyond what every fault can do: the `body` of a fault on
 * `webhook <event> <action>`, such as `webhook workflow_job queued` or `webhook *`. Of the fault itself, `delayMs`
 * delays, `drop: before` loses the event without a trace, and `status` or `hang` fails the delivery unsent, so that it
 * is in the log and can be redelivered; with `drop: after` the receiver gets it and GitHub believes that it failed.
 */
const mishapSchema = z.strictObject({
  /** How often it is sent, each time under the same GUID. */
  copies: z.int().positive().optional(),
  signature: z.enum(['wrong', 'missing']).optional(),
  /** It is held back until the next delivery of the same webhook was sent. */
  afterNext: z.boolean().optional(),
});

export interface WebhookMishap extends z.infer<typeof mishapSchema> {
  delayMs: number;
  fate: 'sent' | 'lost' | 'failed' | 'believedFailed';
}

export function webhookMishap(fault: Fault | null): WebhookMishap {
  return { ...mishapSchema.parse(fault?.body ?? {}), delayMs: fault?.delayMs ?? 0, fate: fateOf(fault) };
}

function fateOf(fault: Fault | null): WebhookMishap['fate'] {
  if (fault?.drop === 'before') return 'lost';
  if (fault?.drop === 'after') return 'believedFailed';
  return fault?.hang || fault?.status !== undefined ? 'failed' : 'sent';
}
