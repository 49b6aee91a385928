import { Webhooks } from '@octokit/webhooks';
import type { Context, Handler } from 'hono';
import type { Logger } from 'pino';
import type { JobObservation } from '../../../machines/job/observation.ts';
import type { HookRef } from '../../../machines/webhooks.ts';
import type { Clock } from '../../clock.ts';
import {
  type DeliveryHead,
  hookRefOf,
  losslessText,
  observeDelivery,
  parsePayload,
  readDeliveryHead,
  repositoryIdOf,
} from './delivery.ts';
import { answerDelivery, DeliveryRefusals } from './delivery-answers.ts';
import { type HeldBody, readBody, UnverifiedBodies } from './delivery-body.ts';
import { EventLoopThrottle } from './event-loop-throttle.ts';
import { handDelivery } from './hand-delivery.ts';
import { SharedTimeout } from './shared-timeout.ts';

/** What the receiver needs of the store. */
export interface WebhookInbox {
  /**
   * Resolves when the delivery is durable; `known` when a delivery of this id came before. Otherwise it calls
   * `act` at once: what `act` changes in the store is written together with the delivery. An observation that
   * `act` returns is kept for the next start; null means that it was handled. `hook`: from which webhook it came.
   */
  remember(
    deliveryId: string,
    act: () => JobObservation | null,
    hook: HookRef | null,
  ): Promise<'stored' | 'known'>;
}

export interface WebhookReceiverOptions {
  /**
   * Several secrets while one replaces another; a delivery is signed with any of them. Null refuses every
   * delivery. Called for each delivery, like `allowed`, since a reload of the config changes them.
   */
  secret(): string | readonly string[] | null;
  /** `repositories` as `owner/repository`; null allows every repository of the owner. */
  allowed(): { owner: string; repositories: readonly string[] | null };
  /**
   * The name in the config of a repository that was renamed, by its id; null for a repository that the config
   * does not have.
   */
  configuredName(id: number, now: string): { owner: string; repository: string } | null;
  store: WebhookInbox;
  clock: Clock;
  /** While false, deliveries are stored for the next start and not acted on. */
  takesJobs(): boolean;
  /**
   * Called once for each delivery, in the transaction that puts it into the store: what it changes becomes
   * durable together with the delivery, in one write, or not at all. When it throws, the error is logged and
   * nothing is lost.
   */
  onNew(observation: JobObservation): void;
  /** Called once for each delivery, when it is durable. */
  onStored(observation: JobObservation, hook: HookRef | null): void;
  log: Logger;
}

/** A queued job costs about a millisecond to take in; more of them in one turn would delay all other work. */
const HANDLED_IN_A_TURN = 16;

/** GitHub gives up on a delivery after 10 s. */
const ANSWER_WITHIN_MS = 8_000;

const TOO_LATE = Symbol('too late');
type Late = Promise<typeof TOO_LATE>;

/**
 * Takes GitHub's deliveries at `POST /webhook`: bounded, verified over the raw bytes before anything is
 * parsed, and acknowledged with 202 only when stored (law 6). Every refusal has its reason in the response.
 */
export function createWebhookReceiver(options: WebhookReceiverOptions): Handler {
  const { secret, allowed, store, clock, takesJobs, onNew, onStored, log } = options;
  const verifiers = verifiersOf(secret);
  const refusals = new DeliveryRefusals(log, clock);
  const patience = new SharedTimeout(clock, ANSWER_WITHIN_MS);
  const turns = new EventLoopThrottle(HANDLED_IN_A_TURN);
  const bodies = new UnverifiedBodies();

  return async (c) => {
    if (verifiers().length === 0) return refusals.answer(c, 'noSecret');
    const head = readDeliveryHead(c.req);
    if (typeof head === 'string') return refusals.answer(c, head);
    const held = bodies.hold(head.length);
    if (held === null) return refusals.answer(c, 'tooBusy');
    const limit = patience.start();
    const late: Late = limit.reached.then(() => TOO_LATE);
    try {
      return await receive(c, head, held, late);
    } catch (error) {
      log.error(
        { delivery: head.deliveryId, err: error },
        'a webhook delivery could not be handled and was refused with status 500; its job is found by polling, or when GitHub is asked to send it again',
      );
      return refusals.answer(c, 'failed');
    } finally {
      held.release();
      limit.end();
    }
  };

  async function receive(c: Context, head: DeliveryHead, held: HeldBody, late: Late): Promise<Response> {
    const body = await Promise.race([readBody(c, held), late]);
    if (body === TOO_LATE || typeof body === 'string') {
      c.header('connection', 'close');
      return refusals.answer(c, body === TOO_LATE ? 'tooSlow' : body);
    }
    await turns.pass();
    const text = losslessText(body);
    if (!text || !(await isGenuine(text, head.signature))) return refusals.answer(c, 'badSignature');
    held.release();
    return accept(c, head, parsePayload(text, head.encoding), late);
  }

  async function isGenuine(text: string, signature: string): Promise<boolean> {
    for (const verifier of verifiers()) {
      if (await verifier.verify(text, signature).catch(() => false)) return true;
    }
    return false;
  }

  /** The signature was verified: the sender knows the secret. */
  async function accept(c: Context, head: DeliveryHead, payload: unknown, late: Late): Promise<Response> {
    if (head.event !== 'workflow_job' && head.event !== 'ping') {
      return answerDelivery(c, `ignored: this daemon does not use ${head.event} events`, 202);
    }
    if (payload === undefined) return refusals.answer(c, 'notJson');
    if (head.event === 'ping') return answerDelivery(c, pong(payload), 202);

    const seen = observeDelivery(payload, clock.now());
    if (typeof seen === 'string') return refusals.answer(c, 'wrongShape', seen);
    const served = isAllowed(seen) ? seen : renamed(seen, payload);
    if (served === null) return refusals.answer(c, 'notAllowed', `${seen.owner}/${seen.repository}`);
    const hook = hookRefOf((name) => c.req.header(name), served);
    const outcome = await Promise.race([keep(head.deliveryId, served, hook), late]);
    if (outcome === 'stored' || outcome === 'known') return answerDelivery(c, outcome, 202);
    if (outcome === TOO_LATE)
      log.error(
        { delivery: head.deliveryId },
        'the store was too slow for a webhook delivery, so the response to GitHub says that it was not stored',
      );
    return refusals.answer(c, 'notStored');
  }

  /** Goes on after the response was given up. */
  async function keep(
    deliveryId: string,
    seen: JobObservation,
    hook: HookRef | null,
  ): Promise<'stored' | 'known' | 'failed'> {
    const act = () => (takesJobs() && handDelivery(deliveryId, seen, onNew, log) ? null : seen);
    const outcome = await store.remember(deliveryId, act, hook).catch((error: unknown) => {
      const facts = { delivery: deliveryId, job: seen.jobId };
      log.error({ ...facts, err: error }, 'a webhook delivery could not be stored');
      return 'failed' as const;
    });
    if (outcome === 'stored') onStored(seen, hook);
    return outcome;
  }

  /** Replaces the new name of a repository by the one in the config. */
  function renamed(seen: JobObservation, payload: unknown): JobObservation | null {
    const id = repositoryIdOf(payload);
    const known = id === null ? null : options.configuredName(id, `${seen.owner}/${seen.repository}`);
    return known && { ...seen, ...known };
  }

  function isAllowed({ owner, repository }: JobObservation): boolean {
    const { owner: allowedOwner, repositories } = allowed();
    if (repositories === null) return isSame(owner, allowedOwner);
    return repositories.some((name) => isSame(name, `${owner}/${repository}`));
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

/** What verifies signatures with the present secrets; it is made again only when they change. */
function verifiersOf(secret: WebhookReceiverOptions['secret']): () => readonly Webhooks[] {
  let known: ReturnType<typeof secret> = null;
  let verifiers: Webhooks[] = [];
  return () => {
    const now = secret();
    if (now === known) return verifiers;
    known = now;
    const secrets = [now ?? []].flat().filter((one) => one !== '');
    verifiers = secrets.map((one) => new Webhooks({ secret: one }));
    return verifiers;
  };
}

/** GitHub ignores case in the names of owners and repositories. */
function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
