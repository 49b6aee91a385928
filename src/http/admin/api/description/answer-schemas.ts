import { z } from 'zod';
import { BLAMES, FAILURE_CODES } from '../../../../../machines/failure.ts';
import { HOLD_ENDS } from '../../../../../machines/job/context.ts';
import { JOB_OUTCOMES } from '../../../../../machines/job/job-end.ts';
import { HEALTH_SUBJECTS } from '../../../../health/health.ts';
import { TREND_RANGES } from '../../../../journal/trends/trends.ts';

/** The shapes that the API's responses consist of, as the OpenAPI description shows them. */
export const instant = z.number().describe('Epoch milliseconds.');
const failure = z.looseObject({
  code: z.enum(FAILURE_CODES as [string, ...string[]]),
  blame: z.enum(BLAMES),
  message: z.string(),
});
export const webhooks = z.looseObject({
  state: z.enum(['silent', 'repairing', 'trusted', 'doubted']),
  since: instant.describe('Since when webhooks are in this state.'),
  deliveredAt: instant.nullable(),
  gap: z.object({ at: instant, why: z.string() }).nullable(),
  redelivered: z.number().describe('How many failed deliveries GitHub was asked to send again.'),
  failure: failure.nullable().describe('Why GitHub could not be asked.'),
  lookAt: instant,
});
export const poller = z.object({
  lastLookAt: instant.nullable(),
  pace: z.number().describe('Milliseconds between two polls, at present.'),
  nextLookAt: instant.nullable(),
  pausedUntil: instant.nullable().describe('Until then the daemon does not poll GitHub for new work.'),
  cutShort: z
    .object({ what: z.string(), since: instant })
    .nullable()
    .describe('Where the rate limit ended a poll; the next poll goes on there.'),
  repositories: z.number().describe('How many repositories are polled.'),
  looks: z.array(
    z.object({
      what: z.string(),
      age: z.number().nullable().describe('Milliseconds since it was last read; null before the first time.'),
    }),
  ),
  lastPace: z.number().describe('Milliseconds between two polls when the present wait began.'),
  took: z.number().describe('Milliseconds that the last complete poll took.'),
  outages: z.array(z.object({ what: z.string(), since: instant, failure })),
  rateLimits: z.array(
    z.object({ resource: z.string(), limit: z.number(), remaining: z.number(), resetAt: instant }),
  ),
  budgets: z.array(
    z.object({
      purpose: z.enum(['teardown', 'serving jobs', 'rechecks', 'looking for work']),
      left: z.number().nullable().describe('Calls that are left before this work has to pause.'),
      pausedUntil: instant.nullable(),
    }),
  ),
});
export const health = z.object({
  ready: z.boolean().describe('Jobs can be served, as `/readyz` says.'),
  degraded: z.boolean().describe('Some part has a problem.'),
  canStore: z.boolean(),
  scopes: z.array(
    z.object({
      what: z.enum(HEALTH_SUBJECTS),
      name: z.string(),
      sentence: z.string(),
      since: instant.nullable(),
      whoActs: z.string(),
      stops: z.boolean().describe('While it lasts, nothing can be served or stored.'),
    }),
  ),
  ages: z.array(
    z.object({
      what: z.enum(['polling', 'host', 'profile']),
      name: z.string(),
      age: z.number().describe('Milliseconds since its last success, or since the start of the daemon.'),
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
        .describe('`cordoned` while it is cordoned and healthy, `unwatched` while no daemon ran.'),
      from: instant,
    }),
  ),
});
export const image = z.object({
  profile: z.string(),
  image: z.string().describe('As the config names it.'),
  state: z
    .enum(['inUse', 'trying', 'refused', 'unseen', 'atOnce'])
    .describe(
      '`trying`: the next image is tried on one host; `refused`: a newer one is not used; `atOnce`: a moved tag is used on every host at once.',
    ),
  sentence: z.string().describe('What is going on or was decided last, and why.'),
  versions: z.array(
    z.object({
      role: z.enum(['current', 'trial', 'previous', 'refused', 'onHosts']),
      digest: z.string().nullable(),
      reference: z.string(),
      hosts: z.array(z.string()).describe('Hosts on which VMs are made from it without a pull.'),
      runner: z.string().nullable(),
      runnerEndsAt: instant.nullable().describe('From then on GitHub refuses the runner.'),
      served: z.number().nullable().describe('VMs that came to work.'),
      failed: z.number().nullable().describe('VMs that failed for a cause that may lie in the image.'),
    }),
  ),
});
const job = z.looseObject({
  id: z.number(),
  owner: z.string(),
  repository: z.string(),
  workflow: z.string(),
  name: z.string(),
  url: z.string(),
  commit: z.string().nullable().describe('What its run was started for; null where GitHub did not say.'),
  branch: z.string().nullable(),
  labels: z.array(z.string()),
  profile: z.string(),
  status: z.enum(['waiting', 'queued', 'in_progress', 'completed']),
  conclusion: z.string().nullable(),
  queuedAt: instant,
});
const vm = z.looseObject({ name: z.string(), host: z.string(), id: z.string().nullable() });
const phase = z.looseObject({ tries: z.number(), nextTryAt: instant, lastFailure: failure.nullable() });
const address = z.object({ host: z.string(), port: z.number() });
export const hold = z.object({
  jobId: z.number(),
  by: z.string().nullable().describe('Who ordered it; null where `hold_failed` of the label did.'),
  at: instant.describe('When it was ordered, or when the VM failed.'),
  lasts: z.number().describe('Milliseconds.'),
  until: instant,
  latest: instant.describe('Beyond this no order extends it.'),
  vnc: address.nullable(),
  ended: z.enum(HOLD_ENDS).nullable().describe('Why it ended, or did not begin; null while it lasts.'),
});
export const vmAddresses = z.object({
  vmName: z.string(),
  host: z.string(),
  ssh: address
    .extend({ user: z.string(), hostKey: z.string().nullable().describe('Of the first login.') })
    .nullable(),
  vnc: address.nullable(),
  hold: hold.nullable(),
});
export const view = z.looseObject({
  key: z.string(),
  state: z.string().describe('Such as `running.busy.watching`.'),
  tags: z.array(z.string()),
  job,
  vm: vm.nullable(),
  phase,
  failure: failure.nullable(),
  hold: hold.nullable(),
  progress: z.string().nullable(),
});
export const settled = z.looseObject({
  jobId: z.number(),
  outcome: z.enum(JOB_OUTCOMES).describe('How it ended.'),
  blame: z
    .enum(BLAMES)
    .nullable()
    .describe('Whose fault that was; null where nobody can tell, or it was none.'),
  cause: failure.nullable(),
  at: instant,
});
export const entry = z.looseObject({
  seq: z.number().describe('Strictly increasing; the id of the entry in the event stream.'),
  at: instant,
  kind: z
    .enum(['effect', 'handover', 'host', 'webhooks', 'breaker', 'order', 'daemon', 'quarantine'])
    .optional()
    .describe('Missing when the entry is a transition.'),
  actor: z.string(),
  jobId: z.number(),
  attempt: z.number(),
  host: z.string().nullable(),
  event: z.string(),
  from: z.string(),
  to: z.string(),
});
export const seenJob = z.looseObject({
  key: z.string(),
  jobId: z.number(),
  state: z.string(),
  enteredAt: instant,
});
const counts = z.record(z.string(), z.number());
const level = z
  .object({ most: z.number(), mean: z.number() })
  .nullable()
  .describe('Null where no daemon watched.');
const trendPoint = z.object({
  at: instant,
  queue: level,
  slots: level.describe('Slots in use.'),
  capacity: level.describe('Slots of hosts that take jobs.'),
  waits: z
    .object({ count: z.number(), median: z.number(), p95: z.number() })
    .describe('Milliseconds from queued to started, of the jobs that started.'),
  ended: z.record(z.string(), z.number()).describe('By outcome.'),
  failures: z
    .record(z.string(), z.number())
    .describe('Failed attempts, and jobs that failed by themselves, by whose fault that was.'),
});
export const trends = z.object({
  range: z.enum(TREND_RANGES as [string, ...string[]]),
  from: instant,
  until: instant,
  keptFrom: instant.describe('Nothing before is in the figures.'),
  step: z.number().describe('Milliseconds of a point.'),
  read: z.number().describe('The part of the journal that is read; below 1 ask again in a moment.'),
  points: z.array(trendPoint),
  whole: trendPoint.describe('The same for the whole range.'),
  causes: z
    .array(z.object({ blame: z.enum(BLAMES), cause: z.string(), count: z.number() }))
    .describe('The causes of all failures in the range; empty for jobs that failed by themselves.'),
});
export const usage = z.object({
  name: z.string().describe('Empty for VMs that had no job yet, and for jobs that had no host.'),
  jobs: z.number().describe('Jobs that ended in the range.'),
  outcomes: counts.describe('The same by outcome.'),
  failures: counts.describe('Failed and lost jobs, by whose fault that was.'),
  vms: z.number().describe('VMs that got a slot in the range.'),
  failedAttempts: counts.describe('Attempts that failed, by whose fault that was; most cost no job.'),
  jobMs: z.number().describe('Milliseconds in which jobs ran.'),
  slotMs: z.number().describe('Milliseconds in which slots were taken.'),
  waits: z
    .object({ count: z.number(), median: z.number(), p95: z.number(), longest: z.number() })
    .describe('Milliseconds from queued to started, of the jobs that started in the range.'),
});
export const waiting = z.object({
  key: z.string(),
  jobId: z.number(),
  why: z.enum([
    'paused',
    'heldBack',
    'pulling',
    'tooOld',
    'draining',
    'unhealthy',
    'cordoned',
    'proving',
    'noSlot',
    'next',
    'noLabel',
    'approval',
  ]),
  sentence: z.string(),
  frees: z.string(),
  position: z.number().nullable(),
  until: instant.nullable(),
});

const change = z.object({
  key: z.string(),
  what: z.enum(['added', 'removed', 'changed']),
  from: z.string().optional(),
  to: z.string().optional(),
  needsRestart: z.literal(true).optional(),
});
const problem = z.object({ at: z.string().optional(), path: z.string(), message: z.string() });

export const reload = z.object({
  outcome: z.enum(['applied', 'unchanged', 'refused']).describe('`refused`: nothing has changed.'),
  at: instant,
  by: z.string(),
  path: z.string(),
  digest: z.string(),
  changes: z.array(change),
  problems: z.array(problem),
  warnings: z.array(problem),
});

export const configInForce = z.object({
  path: z.string(),
  digest: z.string().describe('The same for configs with the same meaning; secrets do not count.'),
  since: instant,
  keys: z.array(z.object({ key: z.string(), value: z.string() })),
  lastReload: reload.nullable(),
});
