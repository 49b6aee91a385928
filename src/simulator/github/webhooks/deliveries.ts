import { createHmac } from 'node:crypto';
import { draw } from '../../latency.ts';
import type { Accounts, Repository } from '../repositories.ts';
import type { Announcement, Delivery, DeliveryLog } from './delivery-log.ts';
import { covers, type Hook, targetId } from './hook.ts';
import { type WebhookMishap, webhookMishap } from './webhook-mishap.ts';
import { webhookPayload } from './webhook-payload.ts';
import type { SendWebhook } from './webhook-sender.ts';

/** Webhooks and what was delivered to them. */
export interface Webhooks extends Accounts {
  readonly hooks: Map<number, Hook>;
  readonly deliveries: DeliveryLog;
  readonly send: SendWebhook;
}

interface Parcel {
  hook: Hook;
  guid: string;
  announcement: Announcement;
  redelivery: boolean;
}

/** Tells every webhook that wants to know what happened in a repository; each delivery goes its own way. */
export function announce(world: Webhooks, repository: Repository, announcement: Announcement): void {
  for (const hook of world.hooks.values()) {
    if (!covers(hook, repository) || !hook.events.includes(announcement.event)) continue;
    dispatch(world, { hook, guid: world.ids.guid(), announcement, redelivery: false });
  }
}

export function announcePing(world: Webhooks, hook: Hook): void {
  const announcement = { event: 'ping', action: null } as const;
  dispatch(world, { hook, guid: world.ids.guid(), announcement, redelivery: false });
}

/** Delivers an event once more, under its GUID, with the payload that it had. */
export function redeliver(world: Webhooks, { hook, guid, announcement }: Delivery): void {
  dispatch(world, { hook, guid, announcement, redelivery: true });
}

function dispatch(world: Webhooks, parcel: Parcel): void {
  const { event, action } = parcel.announcement;
  const name = action === null ? `webhook ${event}` : `webhook ${event} ${action}`;
  const mishap = webhookMishap(world.faults.next(name));
  if (mishap.fate === 'lost') return;
  const { hook } = parcel;
  const at = world.clock.now() + draw(world.random, world.options.timings.webhook) + mishap.delayMs;
  world.alarms.set(at, () => {
    if (mishap.afterNext) {
      hook.held.push(() => void carry(world, parcel, mishap));
      return;
    }
    const waiting = hook.held.splice(0);
    void carry(world, parcel, mishap).then(() => {
      for (const next of waiting) next();
    });
  });
}

/** Sends it as often as is wished, and notes what came of each. */
async function carry(world: Webhooks, parcel: Parcel, mishap: WebhookMishap): Promise<void> {
  for (let copy = 0; copy < (mishap.copies ?? 1); copy += 1) {
    const deliveredAt = world.clock.now();
    const { headers, body } = requestOf(world, parcel, mishap);
    const result = mishap.fate === 'failed' ? UNREACHED : await attempt(world, parcel, headers, body);
    const believed = mishap.fate === 'believedFailed' ? UNREACHED : result;
    world.deliveries.add({
      ...believed,
      id: world.ids.next('delivery'),
      guid: parcel.guid,
      hook: parcel.hook,
      announcement: parcel.announcement,
      redelivery: parcel.redelivery,
      deliveredAt,
      duration: (world.clock.now() - deliveredAt) / 1000,
      requestHeaders: headers,
    });
  }
}

type Outcome = Pick<Delivery, 'status' | 'statusCode' | 'answer'>;

const UNREACHED: Outcome = { status: 'timed out', statusCode: 0, answer: '' };

async function attempt(
  world: Webhooks,
  { hook }: Parcel,
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
    return { status: isLate ? 'timed out' : 'failed to connect to host', statusCode: 0, answer: '' };
  }
}

function requestOf(world: Webhooks, parcel: Parcel, { signature }: WebhookMishap) {
  const { hook, guid, announcement } = parcel;
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
