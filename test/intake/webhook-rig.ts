import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pino } from 'pino';
import type { JobObservation } from '../../machines/job/observation.ts';
import { createPublicApp } from '../../src/http/public-app.ts';
import {
  createWebhookReceiver,
  type WebhookInbox,
  type WebhookReceiverOptions,
} from '../../src/intake/webhooks/webhook-receiver.ts';
import { ManualClock } from '../support/manual-clock.ts';

export const SECRET = 'it is a secret';

/** GitHub's own examples: all events, each with its payloads. */
export const EXAMPLES = JSON.parse(
  readFileSync(
    createRequire(import.meta.url).resolve('@octokit/webhooks-examples/api.github.com/index.json'),
    'utf8',
  ),
) as { name: string; examples: Payload[] }[];

// biome-ignore lint/suspicious/noExplicitAny: payloads of many events, changed by tests
export type Payload = any;

/**
 * A queued job of GitHub's examples, made one of octo/app; `job` overrides fields of the job, `more` of the
 * payload.
 */
export function jobPayload(job: object = {}, more: object = {}): Payload {
  const examples = EXAMPLES.find(({ name }) => name === 'workflow_job')?.examples ?? [];
  const { workflow_job, repository, ...rest } = structuredClone(examples[5]);
  return {
    ...rest,
    workflow_job: {
      ...workflow_job,
      runner_name: null,
      runner_id: null,
      labels: ['self-hosted', 'macos'],
      ...job,
    },
    repository: {
      ...repository,
      name: 'app',
      full_name: 'octo/app',
      owner: { ...repository.owner, login: 'octo' },
    },
    ...more,
  };
}

/** The body of a delivery that is accepted. */
export const JSON_BODY = JSON.stringify(jobPayload());

export function signatureOf(body: string | Buffer, secret = SECRET): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

export interface DeliveryOptions {
  event?: string;
  id?: string;
  /** The signature of the body by default; null leaves it out. */
  signature?: string | null;
  type?: string;
  /** Null leaves it out. */
  length?: number | null;
  headers?: Record<string, string>;
}

export function headersOf(body: string | Buffer, options: DeliveryOptions = {}): Record<string, string> {
  const { event = 'workflow_job', id = randomUUID(), type = 'application/json', headers = {} } = options;
  const { signature = signatureOf(body), length = Buffer.byteLength(body) } = options;
  return {
    'x-github-event': event,
    'x-github-delivery': id,
    'content-type': type,
    ...(signature === null ? {} : { 'x-hub-signature-256': signature }),
    ...(length === null ? {} : { 'content-length': String(length) }),
    ...headers,
  };
}

/** A store without any deliveries. */
export const newInbox = (stored: () => ReturnType<WebhookInbox['remember']>): WebhookInbox => ({
  remember: (_id, act) => {
    act();
    return stored();
  },
});

/**
 * The receiver in the app of the public listener, with a store that is durable at once unless a test delays
 * it.
 */
export function webhookRig(options: Partial<WebhookReceiverOptions> = {}) {
  const clock = new ManualClock();
  const handed: JobObservation[] = [];
  const stored: JobObservation[] = [];
  const lines: { level: number; msg: string; [field: string]: unknown }[] = [];
  const known = new Set<string>();
  const arrivals: number[] = [];
  const receiver = createWebhookReceiver({
    secret: () => SECRET,
    allowed: () => ({ owner: 'octo', repositories: ['octo/app'] }),
    configuredName: () => null,
    clock,
    store: {
      remember: async (id, act) => {
        if (known.has(id)) return 'known';
        known.add(id);
        act();
        return 'stored';
      },
    },
    takesJobs: () => true,
    onNew: (seen) => handed.push(seen),
    onStored: (seen) => stored.push(seen),
    log: pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) }),
    ...options,
  });
  const app = createPublicApp({
    webhook: receiver,
    watch: (_c, next) => {
      arrivals.push(clock.now());
      return next();
    },
    canStore: () => true,
  });
  return {
    app,
    clock,
    handed,
    stored,
    lines,
    /** When each request's headers were there, in epoch ms. */
    arrivals,
    /** Sends a payload, or bytes as they are, signed unless told otherwise. */
    async deliver(
      payload: Payload,
      delivery: DeliveryOptions = {},
    ): Promise<{ status: number; message: string }> {
      const body =
        typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload);
      const response = await app.request('/webhook', {
        method: 'POST',
        headers: headersOf(body, delivery),
        body: typeof body === 'string' ? body : new Uint8Array(body),
      });
      const { message } = (await response.json()) as { message: string };
      return { status: response.status, message };
    },
  };
}
