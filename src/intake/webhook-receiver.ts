import { Webhooks } from '@octokit/webhooks';
import type { Context, Handler } from 'hono';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { JobObservation } from './job-observation.ts';
import { observeDelivery } from './observe-delivery.ts';
import { encodingOf, losslessText, parsePayload } from './read-payload.ts';
import { RefusalLog } from './refusal-log.ts';

/** What the receiver needs of the store. */
export interface WebhookInbox {
  /** Durable when it resolves; `known` when a delivery of this id was stored before. */
  remember(deliveryId: string, observation: JobObservation): Promise<'stored' | 'known'>;
}

export interface WebhookReceiverOptions {
  /** Null refuses every delivery. */
  secret: string | null;
  /** `repositories` as `owner/repository`; null allows every repository of the owner. */
  allowed: { owner: string; repositories: readonly string[] | null };
  store: WebhookInbox;
  clock: Clock;
  /** While true, deliveries are stored for the next daemon and not handed on. */
  isDraining(): boolean;
  /** Called once for each delivery, when it is durable; a throw is logged and loses nothing. */
  onStored(deliveryId: string, observation: JobObservation): void;
  log: Logger;
}

/** GitHub sends nothing larger. */
const LARGEST_BODY = 25 * 1024 * 1024;

/** A `workflow_job` is far below; larger bodies are read a few at a time, since anybody may send some. */
const LARGE_BODY = 1024 * 1024;
const MOST_LARGE_BODIES = 4;

/** GitHub gives up on a delivery after 10 s. */
const ANSWER_WITHIN_MS = 8_000;

/** Every reason to refuse, in words for GitHub's delivery page; none repeats what the sender wrote. */
const REFUSALS = {
  noSecret: [
    403,
    'This daemon has no webhook secret, so it refuses every delivery: set github.webhook_secret, and the same secret in the settings of the webhook.',
  ],
  noLength: [411, 'A delivery needs a Content-Length.'],
  tooLarge: [413, 'A delivery has at most 25 MB.'],
  tooBusy: [503, 'Too many large deliveries at once: redeliver this one later.'],
  tooSlow: [408, 'The body did not arrive in time.'],
  wrongType: [415, 'Set the content type of the webhook to application/json.'],
  noHeaders: [400, 'This is no delivery of GitHub: X-GitHub-Event or X-GitHub-Delivery is missing.'],
  unsigned: [401, 'The delivery is not signed: set the secret in the settings of the webhook.'],
  badSignature: [
    401,
    'The signature does not match: the secret in the settings of the webhook is not the one in github.webhook_secret.',
  ],
  notJson: [400, 'The payload is not JSON.'],
  wrongShape: [400, 'The payload is no workflow_job event that this daemon can read'],
  notAllowed: [403, 'This daemon does not serve the repository: see github.owner and github.repositories.'],
  notStored: [503, 'The delivery could not be stored: redeliver it later.'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

const TOO_LATE = Symbol('too late');

/**
 * Takes GitHub's deliveries at `POST /webhook`: bounded, verified over the raw bytes before anything is parsed,
 * and acknowledged with 202 only when stored (law 6). Whatever it refuses, the reason is in the answer.
 */
export function createWebhookReceiver(options: WebhookReceiverOptions): Handler {
  const { secret, allowed, store, clock, isDraining, onStored, log } = options;
  const webhooks = secret ? new Webhooks({ secret }) : null;
  const refusals = new RefusalLog(log, clock);
  let largeBodies = 0;

  function refuse(c: Context, reason: keyof typeof REFUSALS, detail = '') {
    const [status, message] = REFUSALS[reason];
    refusals.refused(status, message);
    return c.json({ message: detail === '' ? message : `${message} (${detail}).` }, status);
  }

  return async (c) => {
    if (webhooks === null) return refuse(c, 'noSecret');
    const head = readHead(c);
    if (typeof head === 'string') return refuse(c, head);
    const untilLate = new AbortController();
    const late = clock.sleepUntil(clock.now() + ANSWER_WITHIN_MS, untilLate.signal).then(
      () => TOO_LATE,
      () => TOO_LATE,
    );
    const isLarge = head.length > LARGE_BODY;
    if (isLarge && largeBodies >= MOST_LARGE_BODIES) return refuse(c, 'tooBusy');
    largeBodies += isLarge ? 1 : 0;
    try {
      const bytes = await Promise.race([c.req.arrayBuffer(), late]);
      if (typeof bytes === 'symbol') {
        c.header('connection', 'close');
        return refuse(c, 'tooSlow');
      }
      const text = losslessText(new Uint8Array(bytes));
      const isGenuine = text && (await webhooks.verify(text, head.signature).catch(() => false));
      if (!isGenuine) return refuse(c, 'badSignature');
      return await accept(c, head, parsePayload({ text, encoding: head.encoding }), late);
    } finally {
      largeBodies -= isLarge ? 1 : 0;
      untilLate.abort();
    }
  };

  /** From here on the sender knows the secret. */
  async function accept(c: Context, head: DeliveryHead, payload: unknown, late: Promise<symbol>) {
    if (head.event !== 'workflow_job' && head.event !== 'ping') {
      return c.json({ message: `ignored: a ${head.event} event is of no use here` }, 202);
    }
    if (payload === undefined) return refuse(c, 'notJson');
    if (head.event === 'ping') return c.json({ message: pong(payload) }, 202);

    const seen = observeDelivery(payload, clock.now());
    if (typeof seen === 'string') return refuse(c, 'wrongShape', seen);
    if (!isAllowed(seen)) return refuse(c, 'notAllowed', `${seen.owner}/${seen.repository}`);
    try {
      const outcome = await Promise.race([keep(head.deliveryId, seen), late]);
      if (typeof outcome !== 'symbol') return c.json({ message: outcome }, 202);
      log.error({ delivery: head.deliveryId }, 'the store did not take a webhook delivery in time');
    } catch (error) {
      log.error({ delivery: head.deliveryId, err: error }, 'the store did not take a webhook delivery');
    }
    return refuse(c, 'notStored');
  }

  /** Goes on after the answer was given up: what is stored late is handed on all the same. */
  async function keep(deliveryId: string, seen: JobObservation): Promise<'stored' | 'known'> {
    const outcome = await store.remember(deliveryId, seen);
    if (outcome === 'known' || isDraining()) return outcome;
    try {
      onStored(deliveryId, seen);
    } catch (error) {
      log.error({ delivery: deliveryId, job: seen.jobId, err: error }, 'a stored delivery was not handled');
    }
    return outcome;
  }

  function isAllowed({ owner, repository }: JobObservation): boolean {
    const { repositories } = allowed;
    if (repositories === null) return sameName(owner, allowed.owner);
    return repositories.some((name) => sameName(name, `${owner}/${repository}`));
  }

  function pong(payload: unknown): string {
    const { hook } = (payload ?? {}) as { hook?: { events?: unknown } };
    const events = Array.isArray(hook?.events) ? hook.events : [];
    const isUseful = events.includes('workflow_job') || events.includes('*');
    if (isUseful) log.info('GitHub pinged the webhook; it sends workflow_job events');
    else log.warn('GitHub pinged the webhook, but it sends no workflow_job events: choose "Workflow jobs"');
    return isUseful
      ? 'pong: this webhook sends workflow_job events'
      : 'pong, but this webhook sends no workflow_job events: choose "Workflow jobs" among its events';
  }
}

interface DeliveryHead {
  deliveryId: string;
  event: string;
  signature: string;
  encoding: 'json' | 'form';
  length: number;
}

/** All that can be judged before a byte of the body is read. */
function readHead(c: Context): DeliveryHead | keyof typeof REFUSALS {
  const length = Number(c.req.header('content-length') ?? Number.NaN);
  if (!Number.isInteger(length)) return 'noLength';
  if (length > LARGEST_BODY) return 'tooLarge';
  const encoding = encodingOf(c.req.header('content-type'));
  if (encoding === null) return 'wrongType';
  const event = c.req.header('x-github-event') ?? '';
  const deliveryId = c.req.header('x-github-delivery') ?? '';
  if (!/^\w{1,100}$/.test(event) || !/^[\w-]{1,100}$/.test(deliveryId)) return 'noHeaders';
  const signature = c.req.header('x-hub-signature-256');
  return signature ? { deliveryId, event, signature, encoding, length } : 'unsigned';
}

function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
