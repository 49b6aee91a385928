import { z } from 'zod';
import { failure, hookState, host, instant, poller } from './source-answers.ts';

const job = z.looseObject({
  id: z.number(),
  owner: z.string(),
  repository: z.string(),
  workflow: z.string(),
  name: z.string(),
  url: z.string(),
  labels: z.array(z.string()),
  profile: z.string(),
  status: z.enum(['waiting', 'queued', 'in_progress', 'completed']),
  conclusion: z.string().nullable(),
  queuedAt: instant,
});
const vm = z.looseObject({ name: z.string(), host: z.string(), id: z.string().nullable() });
const phase = z.looseObject({ tries: z.number(), nextTryAt: instant, lastFailure: failure.nullable() });
const view = z.looseObject({
  key: z.string(),
  state: z.string().describe('Such as `running.busy.watching`.'),
  tags: z.array(z.string()),
  job,
  vm: vm.nullable(),
  phase,
  failure: failure.nullable(),
  progress: z.string().nullable(),
});
const settled = z.looseObject({
  jobId: z.number(),
  outcome: z.enum(['done', 'failed', 'taken', 'cancelled']),
  cause: failure.nullable(),
  at: instant,
});
const entry = z.looseObject({
  seq: z.number().describe('Strictly increasing; the id of the entry in the event stream.'),
  at: instant,
  kind: z
    .enum(['effect', 'host', 'webhooks', 'breaker', 'order', 'daemon', 'quarantine'])
    .optional()
    .describe('A transition when left out.'),
  actor: z.string(),
  jobId: z.number(),
  attempt: z.number(),
  host: z.string().nullable(),
  event: z.string(),
  from: z.string(),
  to: z.string(),
});
const seenJob = z.looseObject({ key: z.string(), jobId: z.number(), state: z.string(), enteredAt: instant });
const waiting = z.object({
  key: z.string(),
  jobId: z.number(),
  why: z.enum([
    'rest',
    'leftAlone',
    'draining',
    'unhealthy',
    'cordoned',
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
const isOrdered = z.object({ ordered: z.literal(true) });

export interface Route {
  method: 'get' | 'post';
  path: string;
  summary: string;
  query?: Record<string, string>;
  /** Null for what is no JSON. */
  answer: z.ZodType | null;
}

const beyond = z.number().describe('Jobs further back in a long queue, which the answer leaves out.');

/** Every route of the API with the shape of its answer. A test holds the served answers to it. */
export const ROUTES: Route[] = [
  { method: 'get', path: '/api/openapi.json', summary: 'This description.', answer: z.looseObject({}) },
  {
    method: 'get',
    path: '/api/jobs',
    summary: 'Live jobs, and those that ended last.',
    answer: z.object({ jobs: z.array(view), beyond, recent: z.array(settled) }),
  },
  {
    method: 'get',
    path: '/api/jobs/{id}',
    summary: 'One job: its live actors, its end, the effects under way, why it waits.',
    answer: z.object({
      jobId: z.number(),
      live: z.array(view),
      settled: settled.nullable(),
      effects: z.array(z.looseObject({ effect: z.string(), startedAt: instant })),
      waiting: waiting.nullable(),
      evidence: z.array(z.object({ attempt: z.number(), at: instant })),
    }),
  },
  {
    method: 'get',
    path: '/api/jobs/{id}/journal',
    summary: 'Everything that the journal says of a job, oldest first.',
    answer: z.object({ entries: z.array(entry) }),
  },
  {
    method: 'get',
    path: '/api/jobs/{id}/evidence',
    summary: 'One file with journal, kept evidence and figures of a job, for `jeballto-runner replay`.',
    answer: z.looseObject({ format: z.literal('jeballto-runner-evidence'), journal: z.array(entry) }),
  },
  {
    method: 'get',
    path: '/api/state',
    summary: 'What was true at an instant; now without one.',
    query: { at: 'Epoch milliseconds.' },
    answer: z.object({
      mode: z.enum(['live', 'replay']),
      now: instant,
      seq: z.number(),
      at: instant,
      firstAt: instant,
      jobs: z.array(seenJob),
      hosts: z.array(z.looseObject({ name: z.string(), state: z.string() })),
      webhooks: hookState.nullable(),
      breakers: z.array(
        z.looseObject({ about: z.enum(['host', 'profile']), name: z.string(), state: z.string() }),
      ),
      ended: z.array(seenJob),
      orders: z
        .array(z.object({ at: instant, event: z.string(), on: z.string(), by: z.string() }))
        .describe('The last orders of operators, newest first.'),
    }),
  },
  {
    method: 'get',
    path: '/api/journal',
    summary: 'Entries in their order, a piece at a time.',
    query: { after: 'Sequence number before the first one wanted.', limit: 'At most 1000.' },
    answer: z.object({ entries: z.array(entry) }),
  },
  {
    method: 'get',
    path: '/api/events',
    summary: 'Server-sent events: each new journal entry, from after `Last-Event-ID` on.',
    query: { after: 'In place of the header Last-Event-ID.' },
    answer: null,
  },
  {
    method: 'get',
    path: '/api/machines',
    summary: 'The state machines: their states and transitions, and where they are drawn.',
    query: { shape: '`wide` or `tall`.' },
    answer: z.object({
      machines: z.array(
        z.object({
          id: z.string(),
          description: z.looseObject({ nodes: z.array(z.looseObject({ path: z.string() })) }),
          layout: z.looseObject({ width: z.number(), height: z.number() }),
        }),
      ),
    }),
  },
  {
    method: 'get',
    path: '/api/stats',
    summary: 'Median and p95 stay (milliseconds) and failures of each state.',
    answer: z.object({
      states: z.record(
        z.string(),
        z.object({ stays: z.number(), median: z.number(), p95: z.number(), failures: z.number() }),
      ),
    }),
  },
  {
    method: 'get',
    path: '/api/waiting',
    summary: 'Why each waiting job waits, in the order of the queue; and what is not served.',
    answer: z.object({
      waiting: z.array(waiting),
      beyond,
      unserved: z.array(z.looseObject({ jobId: z.number() })),
    }),
  },
  {
    method: 'get',
    path: '/api/hosts',
    summary: 'Hosts, their last look, their slots, orders and health over time.',
    answer: z.object({ hosts: z.array(host) }),
  },
  {
    method: 'get',
    path: '/api/sources',
    summary: 'Where jobs come from: webhooks and their health, polling, what is left of the rate limits.',
    answer: z.looseObject({
      mode: z.string(),
      // A recording has none of these.
      poller: poller.optional(),
      webhooks: hookState.optional(),
    }),
  },
  {
    method: 'get',
    path: '/api/status',
    summary: 'The health of the daemon and its parts.',
    answer: z.looseObject({
      ok: z.boolean(),
      reasons: z.array(z.string()),
      poller: poller.optional(),
      webhooks: hookState.optional(),
    }),
  },
  {
    method: 'post',
    path: '/api/collect',
    summary: 'Collect now what nobody owns.',
    query: { dryRun: '`true` only answers what would be done.' },
    answer: z.object({ dryRun: z.boolean(), steps: z.array(z.looseObject({})) }),
  },
  {
    method: 'post',
    path: '/api/jobs/{id}/cancel',
    summary: 'Give up the job and its VM; refused while the job runs.',
    answer: isOrdered,
  },
  {
    method: 'post',
    path: '/api/jobs/{id}/retry',
    summary: 'Try now what waits; serve again what was given up.',
    answer: isOrdered,
  },
  {
    method: 'post',
    path: '/api/hosts/{name}/cordon',
    summary: 'No new jobs for the host.',
    answer: isOrdered,
  },
  {
    method: 'post',
    path: '/api/hosts/{name}/uncordon',
    summary: 'Jobs for the host again.',
    answer: isOrdered,
  },
  {
    method: 'post',
    path: '/api/hosts/{name}/drain',
    summary: 'A cordon, and what is not at work there goes on elsewhere.',
    answer: isOrdered,
  },
];
