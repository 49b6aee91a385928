import { z } from 'zod';
import { instant } from './answer-schemas.ts';

export const controller = z.object({
  id: z.string(),
  name: z.string().describe('Its machine and its process.'),
  role: z.enum(['active', 'standby']),
  epoch: z.number().nullable().describe('Null while it stands by.'),
  since: instant.describe("Since when it has this role, on the database's clock."),
  seenAgo: z.number().describe('Milliseconds since it was last seen.'),
  isGone: z.boolean().describe('Whether it was not seen for longer than a lease.'),
  version: z.string(),
  digest: z.string().describe('Of its config.'),
  hosts: z.array(z.string()),
  labels: z.array(z.string()),
  adminUrl: z.string(),
  refusal: z.string().nullable().describe('Why it must not take over.'),
});

export const takeOver = z.object({
  at: instant,
  controller: z.string(),
  before: z.string().describe('The controller that was active before; empty when none is known.'),
  epoch: z.number(),
});
