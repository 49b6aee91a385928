import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Logger } from 'pino';
import type { Clock } from '../../clock.ts';

/** Every reason to refuse a delivery, in words for GitHub's delivery page; none repeats what the sender wrote. */
const REFUSALS = {
  noSecret: [
    403,
    'This daemon has no webhook secret, so it refuses every delivery: set github.webhook_secret, and the same secret in the settings of the webhook.',
  ],
  tooLarge: [413, 'The body is too large: GitHub sends at most 25 MB.'],
  tooBusy: [503, 'Too many bytes of deliveries at once: redeliver this one later.'],
  tooSlow: [408, 'The body did not arrive in time.'],
  cutOff: [400, 'The body did not arrive.'],
  wrongType: [415, 'Set the content type of the webhook to application/json.'],
  noHeaders: [400, 'This is not a delivery of GitHub: X-GitHub-Event or X-GitHub-Delivery is missing.'],
  unsigned: [401, 'The delivery is not signed: set the secret in the settings of the webhook.'],
  badSignature: [
    401,
    'The signature does not match: the secret in the settings of the webhook is not in github.webhook_secret.',
  ],
  notJson: [400, 'The payload is not JSON.'],
  wrongShape: [400, 'The payload is not a workflow_job event that this daemon can read'],
  notAllowed: [
    403,
    'This daemon does not serve the repository: add it to github.repositories, or remove the webhook there',
  ],
  notStored: [503, 'The delivery could not be stored: redeliver it later.'],
  failed: [500, 'The daemon failed to handle the delivery; its log says why.'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type RefusalReason = keyof typeof REFUSALS;

const QUIET_MS = 60_000;

/**
 * Sends and logs refusals without letting strangers fill the disk: one line a minute for each reason, with
 * the number of refusals since the last line. The log contains nothing that an unverified sender wrote.
 */
export class DeliveryRefusals {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #reasons = new Map<RefusalReason, { saidAt: number; unsaid: number }>();

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** `detail` is for a sender whose signature was verified, and is not logged. */
  answer(c: Context, reason: RefusalReason, detail = ''): Response {
    const [status, message] = REFUSALS[reason];
    this.#say(reason, status, message);
    return answerDelivery(c, detail === '' ? message : `${message} (${detail}).`, status);
  }

  #say(reason: RefusalReason, status: number, message: string): void {
    const now = this.#clock.now();
    const seen = this.#reasons.get(reason) ?? { saidAt: Number.NEGATIVE_INFINITY, unsaid: 0 };
    this.#reasons.set(reason, seen);
    if (now - seen.saidAt < QUIET_MS) {
      seen.unsaid += 1;
      return;
    }
    this.#log.warn({ status, unsaid: seen.unsaid }, `a webhook delivery was refused: ${message}`);
    seen.saidAt = now;
    seen.unsaid = 0;
  }
}

/** The key in Hono's context under which the response is stored, for middleware around the receiver. */
export const ANSWER = 'answer';

/**
 * Responds to a delivery with one message, and stores it in the context: reading it back from a clone of the
 * response would cost more than most of the work for a delivery.
 */
export function answerDelivery(c: Context, message: string, status: ContentfulStatusCode): Response {
  c.set(ANSWER, message);
  return c.json({ message }, status);
}
