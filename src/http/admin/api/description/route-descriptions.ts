import { z } from 'zod';
import { BREAKER_ABOUTS } from '../../../../../machines/breaker.ts';
import { USAGE_BY } from '../../../../journal/usage/usage-by.js';
import {
  configInForce,
  entry,
  health,
  hold,
  host,
  image,
  instant,
  poller,
  seenJob,
  settled,
  trends,
  usage,
  view,
  vmAddresses,
  waiting,
  webhooks,
} from './answer-schemas.ts';
import { controller, takeOver } from './controller-schemas.ts';
import { ORDER_DESCRIPTIONS } from './order-descriptions.ts';
import type { Route } from './route.ts';

const beyond = z
  .number()
  .describe('How many jobs of a long queue the response leaves out, those that come last.');

/** Every route of the API with the shape of its response. A test compares the real responses with it. */
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
      held: z
        .object({ vm: z.looseObject({}).nullable(), hold: hold.nullable() })
        .nullable()
        .describe('The VM that is kept for a person.'),
      effects: z.array(z.looseObject({ effect: z.string(), startedAt: instant })),
      waiting: waiting.nullable(),
      unserved: z.looseObject({ jobId: z.number() }).nullable(),
      hostTrouble: z.string().nullable(),
      evidence: z.array(z.object({ attempt: z.number(), at: instant })),
    }),
  },
  {
    method: 'get',
    path: '/api/jobs/{id}/journal',
    summary: 'All journal entries of a job, oldest first.',
    answer: z.object({ entries: z.array(entry) }),
  },
  {
    method: 'get',
    path: '/api/jobs/{id}/around',
    summary:
      'What happened around a job in its time: changes of its hosts, of webhooks and of breakers, and starts of the daemon; at most 500 entries, the newest.',
    query: { after: 'Sequence number after which the entries begin.' },
    answer: z.object({
      entries: z.array(entry),
      isCut: z.boolean().describe('Older entries were left out.'),
    }),
  },
  {
    method: 'get',
    path: '/api/jobs/{id}/evidence',
    summary: 'One file with journal, kept evidence and figures of a job, for `jeballto-runner replay`.',
    answer: z.looseObject({ format: z.literal('jeballto-runner-evidence'), journal: z.array(entry) }),
  },
  {
    method: 'get',
    path: '/api/jobs/{id}/run',
    summary:
      'Who started the run of a job. GitHub is asked once for each run; null while it cannot be asked or the rate limit is low, and for a job that is not known.',
    answer: z.object({ actor: z.string().nullable() }),
  },
  {
    method: 'get',
    path: '/api/jobs/{id}/log',
    summary:
      "The end of what the job's runner has printed; 404 when it has no VM, 502 when that does not respond.",
    answer: z.object({ vmName: z.string(), runnerName: z.string(), text: z.string(), at: instant }),
  },
  {
    method: 'get',
    path: '/api/jobs/{id}/vm',
    summary:
      "Where a person gets into the job's VM, or into the one that is held for it; 404 when it has no VM. It holds no password.",
    answer: vmAddresses,
  },
  {
    method: 'get',
    path: '/api/jobs/{id}/screen',
    summary:
      "The screen of the job's VM as PNG, with its instant as Last-Modified; 404 when it has no VM, 502 when its host does not respond.",
    answer: 'image/png',
  },
  {
    method: 'get',
    path: '/api/state',
    summary:
      'What was true at an instant: jobs, hosts, webhooks and breakers; without `at`, what is true now.',
    query: { at: 'Epoch milliseconds.' },
    answer: z.object({
      mode: z.enum(['live', 'replay']),
      role: z
        .enum(['operator', 'reader'])
        .describe('What the token of the request allows: a reader gives no orders.'),
      now: instant,
      seq: z.number(),
      at: instant,
      firstAt: instant,
      jobs: z.array(seenJob),
      hosts: z.array(z.looseObject({ name: z.string(), state: z.string() })),
      webhooks: webhooks.nullable(),
      breakers: z.array(
        z.looseObject({ about: z.enum(BREAKER_ABOUTS), name: z.string(), state: z.string() }),
      ),
      images: z
        .array(z.looseObject({ profile: z.string(), state: z.enum(['inUse', 'trying', 'refused']) }))
        .describe('Labels whose images are told apart.'),
      ended: z.array(seenJob),
      orders: z
        .array(z.object({ at: instant, event: z.string(), on: z.string(), by: z.string() }))
        .describe('The last orders of operators, newest first.'),
    }),
  },
  {
    method: 'get',
    path: '/api/journal',
    summary: 'Journal entries in their order, a page at a time.',
    query: { after: 'Sequence number after which the entries begin.', limit: 'At most 1000.' },
    answer: z.object({ entries: z.array(entry) }),
  },
  {
    method: 'get',
    path: '/api/events',
    summary: 'Server-sent events: each new journal entry after `Last-Event-ID`.',
    query: { after: 'Used instead of the header Last-Event-ID.' },
    answer: 'text/event-stream',
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
    summary: 'For each state: how long jobs stay in it (median and p95 in milliseconds), and its failures.',
    answer: z.object({
      states: z.record(
        z.string(),
        z.object({ stays: z.number(), median: z.number(), p95: z.number(), failures: z.number() }),
      ),
    }),
  },
  {
    method: 'get',
    path: '/api/trends',
    summary:
      'Queue, slots, waits, ends and failures over a range of the last week, from the journal. The first request begins to read the journal; `read` says how far it is.',
    query: {
      range: '`1h`, `6h`, `24h` (default) or `7d`.',
      at: 'Epoch milliseconds at which the range ends; now by default.',
    },
    answer: trends,
  },
  {
    method: 'get',
    path: '/api/usage',
    summary:
      'Who used the hosts in a time range: minutes of slots and jobs, VMs, waits, ends and failures. It reads the journal of that time, which may take seconds.',
    query: {
      since: 'Epoch milliseconds; a week before `until` by default.',
      until: 'Epoch milliseconds; now by default.',
      by: '`repository` (the default), `profile` or `host`.',
    },
    answer: z.object({
      since: instant,
      until: instant,
      by: z.enum(USAGE_BY),
      firstAt: instant
        .nullable()
        .describe('The first entry of the journal: nothing before it is in the figures.'),
      rows: z.array(usage),
      total: usage,
    }),
  },
  {
    method: 'get',
    path: '/api/waiting',
    summary: 'Why each waiting job waits, in the order of the queue, and the jobs that are not served.',
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
    path: '/api/images',
    summary:
      'Which image of each label serves where, its runner and until when GitHub accepts it, and how a trial goes.',
    answer: z.object({ images: z.array(image) }),
  },
  {
    method: 'get',
    path: '/api/sources',
    summary: 'Where jobs come from: webhooks and their health, polling, what is left of the rate limits.',
    answer: z.looseObject({
      mode: z.string(),
      // A recording has none of these.
      poller: poller.optional(),
      webhooks: webhooks.optional(),
    }),
  },
  {
    method: 'get',
    path: '/api/status',
    summary: 'The health of the daemon and its parts.',
    answer: z.looseObject({
      ok: z.boolean(),
      reasons: z.array(z.string()).describe('Why the store cannot be written.'),
      health,
      // A recording has none of these.
      namePrefix: z.string().optional(),
      poller: poller.optional(),
      webhooks: webhooks.optional(),
    }),
  },
  {
    method: 'get',
    path: '/api/config',
    summary: 'The config in force without secrets, its digest, and how its last reload ended.',
    answer: z.object({ config: configInForce.nullable() }),
  },
  {
    method: 'get',
    path: '/api/controllers',
    summary:
      'The controllers that share a database, the active one first, and when which one took over; none where the daemon is alone.',
    answer: z.object({ controllers: z.array(controller), takeOvers: z.array(takeOver) }),
  },
  ...ORDER_DESCRIPTIONS,
];
