import { z } from 'zod';
import { FAILURE_CODES } from '../../../../machines/failure.ts';

/** What the API says of hosts and of the two sources of jobs, and what its other answers share with that. */
export const instant = z.number().describe('Epoch milliseconds.');
export const failure = z.looseObject({
  code: z.enum(FAILURE_CODES as [string, ...string[]]),
  blame: z.enum(['us', 'host', 'image', 'github', 'job', 'operator']),
  message: z.string(),
});
export const hookState = z.looseObject({
  state: z.enum(['silent', 'repairing', 'trusted', 'doubted']),
  since: instant.describe('From which that has been the verdict.'),
  deliveredAt: instant.nullable(),
  gap: z.object({ at: instant, why: z.string() }).nullable(),
  redelivered: z.number().describe('Failed deliveries that GitHub was asked to make again.'),
  failure: failure.nullable().describe('Why GitHub could not be asked.'),
  lookAt: instant,
});
export const poller = z.object({
  lastLookAt: instant.nullable(),
  pace: z.number().describe('Milliseconds between two looks as things stand now.'),
  nextLookAt: instant.nullable(),
  pausedUntil: instant.nullable().describe('Before which no work is looked for.'),
  cutShort: z
    .object({ what: z.string(), since: instant })
    .nullable()
    .describe('Where the budget ended a look; it goes on there.'),
  outages: z.array(z.object({ what: z.string(), since: instant, failure })),
  rateLimits: z.array(
    z.object({ resource: z.string(), limit: z.number(), remaining: z.number(), resetAt: instant }),
  ),
  budgets: z.array(
    z.object({
      purpose: z.enum(['teardown', 'serving jobs', 'rechecks', 'looking for work']),
      left: z.number().nullable().describe('Calls until this work has to rest.'),
      pausedUntil: instant.nullable(),
    }),
  ),
});
export const host = z.looseObject({
  name: z.string(),
  state: z.string(),
  history: z.array(
    z.object({
      state: z
        .string()
        .describe('`cordoned` where it would take jobs otherwise, `unwatched` while no daemon ran.'),
      from: instant,
    }),
  ),
});
