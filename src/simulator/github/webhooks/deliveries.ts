import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Fault } from '../../faults.ts';
import { draw } from '../../latency.ts';
import type { Accounts, Repository } from '../repositories.ts';
import type { Announcement, Delivery, DeliveryLog } from './delivery-log.ts';
import { covers, type Hook, targetId } from './hook.ts';
import { webhookPayload } from './webhook-payload.ts';
import type { SendWebhook } from './webhook-sender.ts';

/** Webhooks and what was delivered to them. */
export interface Webhooks extends Accounts {
  readonly hooks: Map<number, Hook>;
  readonly deliveries: DeliveryLog;
  readonly send: SendWebhook;
}

interface PendingDelivery {
  hook: Hook;
  guid: string;
  announcement: Announcement;
  redelivery: boolean;
}

/**
 * What can go wrong with one delivery, in addition to what every fault can do: the `body` of a fault on
 * `webhook <event> <action>`, such as `webhook workflow_job queued` or `webhook *`. Of the fault itself,
 * `delayMs` delays, `drop: before` loses the event without a trace, and `status` or `hang` fails the delivery
 * unsent, so that it is in the log and can be redelivered; with `drop: after` the receiver gets it and GitHub
 * believes that it failed.
 */
const deliveryFaultSchema = z.strictObject({
  /** How many times it is sent, each time with the same GUID. */
  copies: z.int().positive().optional(),
  signature: z.enum(['wrong', 'missing']).optional(),
  /** It is held back until the next delivery of the same webhook has been sent. */
  afterNext: z.boolean().optional(),
});

interface DeliveryFault extends z.infer<typeof deliveryFaultSchema> {
  delayMs: number;
  fate: 'sent' | 'lost' | 'failed' | 'believedFailed';
}

/**
 * Sends what happened in a repository to every webhook that is subscribed to it; each delivery is sent
 * separately. For a deleted repository nothing is sent.
 */
export function announce(world: Webhooks, repository: Repository, announcement: Announcement): void {
  if (world.repositories.get(repository.fullName.toLowerCase()) !== repository) return;
  for (const hook of world.hooks.values()) {
    if (!covers(hook, repository) || !hook.events.includes(announcement.event)) continue;
    dispatch(world, { hook, guid: world.ids.guid(), announcement, redelivery: false });
  }
}

export function announcePing(world: Webhooks, hook: Hook): void {
  const announcement = { event: 'ping', action: null } as const;
  dispatch(world, { hook, guid: world.ids.guid(), announcement, redelivery: false });
}

/** Delivers an event again, with the same GUID and the same payload. */
export function redeliver(world: Webhooks, { hook, guid, announcement }: Delivery): void {
  dispatch(world, { hook, guid, announcement, redelivery: true });
}

function dispatch(world: Webhooks, pending: PendingDelivery): void {
  const { event, action } = pending.announcement;
  const name = action === null ? `webhook ${event}` : `webhook ${event} ${action}`;
  const fault = deliveryFault(world.faults.next(name));
  if (fault.fate === 'lost') return;
  const { hook } = pending;
  const at = world.clock.now() + draw(world.random, world.options.timings.webhook) + fault.delayMs;
  world.alarms.set(at, () => {
    if (fault.afterNext) {
      hook.held.push(() => void deliver(world, pending, fault));
      return;
    }
    const heldBack = hook.held.splice(0);
    void deliver(world, pending, fault).then(() => {
      for (const next of heldBack) next();
    });
  });
}

/** Sends it once, or as many times as a fault says, and logs the result of each. */
async function deliver(world: Webhooks, pending: PendingDelivery, fault: DeliveryFault): Promise<void> {
  for (let copy = 0; copy < (fault.copies ?? 1); copy += 1) {
    const deliveredAt = world.clock.now();
    const { headers, body } = requestOf(world, pending, fault);
    const result = fault.fate === 'failed' ? UNREACHED : await sendOnce(world, pending, headers, body);
    const believed = fault.fate === 'believedFailed' ? UNREACHED : result;
    world.deliveries.add({
      ...believed,
      id: world.ids.delivery(),
      guid: pending.guid,
      hook: pending.hook,
      announcement: pending.announcement,
      redelivery: pending.redelivery,
      deliveredAt,
      duration: (world.clock.now() - deliveredAt) / 1000,
      requestHeaders: headers,
    });
  }
}

type Outcome = Pick<Delivery, 'status' | 'statusCode' | 'answer'>;

const UNREACHED: Outcome = { status: 'timed out', statusCode: 0, answer: '' };

async function sendOnce(
  world: Webhooks,
  { hook }: PendingDelivery,
  headers: Record<string, string>,
  body: string,
): Promise<Outcome> {
  try {
    const timeoutMs = world.options.timings.webhookAnswer;
    const answer = await world.send({ url: hook.url, headers, body, timeoutMs });
    const isOk = answer.status >= 200 && answer.status < 300;
    const status = isOk ? 'OK' : `Invalid HTTP Response: ${answer.status}`;
    return { status, statusCode: answer.status, answer: answer.body };
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError';
    return isLate ? UNREACHED : { status: 'failed to connect to host', statusCode: null, answer: '' };
  }
}

function requestOf(world: Webhooks, pending: PendingDelivery, { signature }: DeliveryFault) {
  const { hook, guid, announcement } = pending;
  const json = JSON.stringify(webhookPayload(world, hook, announcement));
  const isJson = hook.contentType === 'json';
  const body = isJson ? json : new URLSearchParams({ payload: json }).toString();
  const { enterpriseVersion } = world.options;
  const key = signature === 'wrong' ? 'not the secret' : hook.secret;
  const headers: Record<string, string> = {
    accept: '*/*',
    'content-type': isJson ? 'application/json' : 'application/x-www-form-urlencoded',
    'user-agent': `GitHub-Hookshot/${guid.slice(0, 7)}`,
    'x-github-delivery': guid,
    'x-github-event': announcement.event,
    'x-github-hook-id': String(hook.id),
    'x-github-hook-installation-target-id': String(targetId(hook)),
    'x-github-hook-installation-target-type': hook.target.kind,
    ...(enterpriseVersion === null
      ? {}
      : {
          'x-github-enterprise-version': enterpriseVersion,
          'x-github-enterprise-host': new URL(world.origin).host,
        }),
    ...(key === null || signature === 'missing'
      ? {}
      : {
          'x-hub-signature': `sha1=${createHmac('sha1', key).update(body).digest('hex')}`,
          'x-hub-signature-256': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
        }),
  };
  return { headers, body };
}

function deliveryFault(fault: Fault | null): DeliveryFault {
  return {
    ...deliveryFaultSchema.parse(fault?.body ?? {}),
    delayMs: fault?.delayMs ?? 0,
    fate: fateOf(fault),
  };
}

function fateOf(fault: Fault | null): DeliveryFault['fate'] {
  if (fault?.drop === 'before') return 'lost';
  if (fault?.drop === 'after') return 'believedFailed';
  return fault?.hang || fault?.status !== undefined ? 'failed' : 'sent';
}
