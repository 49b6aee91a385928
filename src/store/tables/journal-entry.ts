import { z } from 'zod';
import { BLAMES } from '../../../machines/failure.ts';
import { JOB_OUTCOMES } from '../../../machines/job/job-end.ts';
import { count, cutText, exactText, instant } from '../../bounds.ts';

/** The states of parallel parts are joined in one path. */
const path = z.string().max(8_192);

/**
 * The fields of a host, of webhooks and of a breaker that summaries of the journal read; earlier versions
 * wrote fewer.
 */
const hostLook = z.looseObject({
  slots: count.optional(),
  version: z.string().optional(),
  vms: z.array(z.looseObject({ name: z.string(), state: z.string() })).optional(),
  unreachableSince: instant.nullish(),
  restartsSeen: count.optional(),
});
const webhooksState = z.looseObject({
  since: instant.optional(),
  gap: z.looseObject({ at: instant, why: z.string() }).nullish(),
});
const breakerState = z.looseObject({ about: exactText, name: exactText });
const details: Partial<Record<string, z.ZodType>> = {
  host: hostLook,
  webhooks: webhooksState,
  breaker: breakerState,
  daemon: z.looseObject({ heardLast: instant.optional() }),
};

/**
 * The fields of a job that summaries of the journal read: each part may be absent, but is complete when
 * present.
 */
const changed = z.looseObject({
  job: z
    .looseObject({
      id: count,
      owner: cutText,
      repository: cutText,
      name: cutText,
      url: z.string(),
      labels: z.array(z.string()),
    })
    .optional(),
  vm: z.looseObject({ name: exactText, host: exactText }).nullish(),
  runner: z.looseObject({ name: exactText }).nullish(),
  phase: z.looseObject({ enteredAt: instant }).optional(),
  failure: z.looseObject({ code: exactText, message: z.string() }).nullish(),
});

const failure = z.looseObject({ code: exactText, message: z.string() });
const end = z.looseObject({
  outcome: z.enum(JOB_OUTCOMES),
  blame: z.enum(BLAMES).nullable(),
  cause: failure.nullable(),
});

/** An entry of the journal as it is stored, by this version or an earlier one. */
export const JOURNAL_ENTRY = z
  .object({
    seq: count,
    kind: z
      .enum(['effect', 'handover', 'host', 'webhooks', 'breaker', 'image', 'order', 'daemon', 'quarantine'])
      .optional(),
    at: instant,
    actor: z.string(),
    jobId: count,
    attempt: count,
    host: exactText.nullable(),
    event: exactText,
    from: path,
    to: path,
    detail: z.record(z.string(), z.unknown()).optional(),
    notYet: z.string().optional(),
    changed: changed.optional(),
    end: end.optional(),
    since: count.optional(),
    isTurn: z.literal(true).optional(),
  })
  .refine(
    ({ kind = '', detail }) => detail === undefined || details[kind]?.safeParse(detail).success !== false,
    {
      error: 'its detail is not what its kind has',
    },
  );
