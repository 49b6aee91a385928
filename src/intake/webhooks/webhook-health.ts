import type { Logger } from 'pino';
import { type Actor, createActor, fromPromise, type Snapshot } from 'xstate';
import type { JobObservation } from '../../../machines/job/observation.ts';
import { topState } from '../../../machines/state-path.ts';
import type { WebhooksMachine, WebhooksState } from '../../../machines/webhooks.ts';
import {
  createWebhooksMachine,
  type HookRef,
  type WebhooksContext,
  type WebhooksPolicy,
} from '../../../machines/webhooks.ts';
import type { Clock } from '../../clock.ts';
import { counted } from '../../format.js';
import type { GitHub } from '../../github/github.ts';
import type { StateChange } from '../../journal/entries/webhook-and-breaker-entries.ts';
import { waitUntil } from '../../wait-until.ts';
import { WebhookGaps } from './webhook-gaps.ts';

/**
 * Milliseconds for which further deliveries are not sent to a machine that already trusts them; a flood must
 * not keep it busy.
 */
const TOLD_EVERY = 1_000;

export interface WebhookHealthOptions {
  github: Pick<GitHub, 'redeliverFailed' | 'now'>;
  policy: WebhooksPolicy;
  clock: Clock;
  log: Logger;
  /** Called when webhooks become doubted: a slow poller should then poll at once. */
  onDoubt(): void;
  /** Called with each new state. */
  onChange(change: StateChange<WebhooksState>): void;
  /** The health of the earlier config, which is stopped. */
  before?: WebhookHealth | null;
}

/**
 * The state machine of webhooks. It receives every delivery, and everything that was seen at GitHub without a delivery.
 */
export class WebhookHealth {
  readonly #gaps: WebhookGaps;
  readonly #clock: Clock;
  readonly #github: Pick<GitHub, 'now'>;
  readonly #actor: Actor<WebhooksMachine>;
  #since: number;
  /** The snapshot at `stop`: a new actor cannot start from the snapshot of a stopped one. */
  #last: Snapshot<unknown> | null = null;

  constructor({ github, policy, clock, log, onDoubt, onChange, before = null }: WebhookHealthOptions) {
    this.#clock = clock;
    this.#github = github;
    this.#since = before ? before.#since : clock.now();
    this.#gaps = before ? before.#gaps : new WebhookGaps(clock.now());
    const machine = createWebhooksMachine({ policy, now: () => clock.now() }).provide({
      actors: {
        redeliverFailed: fromPromise<{ redelivered: number }, { hook: HookRef; since: number }>(
          async ({ input, signal }) => {
            const since = input.since + github.now() - clock.now();
            const redelivered = await github.redeliverFailed(input.hook, since, { signal });
            if (redelivered > 0)
              log.info(
                { redelivered },
                `GitHub sends ${counted(redelivered, 'failed delivery', 'failed deliveries')} again`,
              );
            return { redelivered };
          },
        ),
        waitUntil: waitUntil(clock),
      },
    });
    const snapshot = before ? before.#last : null;
    let from: WebhooksState | '' = before && snapshot ? before.state : '';
    let last: WebhooksState | '' = from;
    this.#actor = createActor(machine, {
      id: 'webhooks',
      ...(snapshot && { snapshot }),
      inspect: (inspected) => {
        if (inspected.type !== '@xstate.snapshot' || inspected.actorRef !== this.#actor) return;
        const { state, context } = this;
        if (state !== 'repairing' && state !== last) judge(state, context);
        if (state === from) return;
        onChange({ event: inspected.event, from, to: state, detail: this.health() });
        from = state;
      },
    });
    const judge = (state: WebhooksState, context: WebhooksContext) => {
      const why = state === 'doubted' ? `: ${context.gap?.why}` : '';
      const also = context.failure
        ? ` GitHub could not be asked to send failed deliveries again: ${context.failure.message}`
        : '';
      log[state === 'doubted' ? 'warn' : 'info']({ webhooks: state }, `webhooks are ${state}${why}.${also}`);
      last = state;
      this.#since = clock.now();
      if (state === 'doubted') onDoubt();
    };
    this.#actor.subscribe({
      error: (error) => log.error({ err: error }, 'the state machine of webhooks failed'),
    });
  }

  start(): void {
    this.#actor.start();
  }

  stop(): void {
    this.#last = this.#actor.getPersistedSnapshot();
    this.#actor.stop();
  }

  /** A genuine delivery was stored. */
  delivered(job: JobObservation, hook: HookRef | null): void {
    const now = this.#clock.now();
    this.#gaps.delivered(job, now, this.#github.now());
    if (this.state === 'trusted' && now - (this.context.deliveredAt ?? 0) < TOLD_EVERY) return;
    this.#actor.send({ type: 'delivery.accepted', hook });
  }

  /** A look at GitHub showed a job that concerns us. */
  seen(job: JobObservation): void {
    this.#gaps.seen(job, this.#clock.now(), this.#github.now());
  }

  /** Has to be called now and then: an overdue delivery counts as a gap. */
  review(): void {
    const [why] = this.#gaps.overdue(this.#clock.now());
    if (why !== undefined) this.#actor.send({ type: 'gap.found', why });
  }

  get state(): WebhooksState {
    return topState(this.#actor.getSnapshot().value);
  }

  get context(): WebhooksContext {
    return this.#actor.getSnapshot().context;
  }

  /**
   * For a status page. `since`: epoch ms from which this has been the verdict; a repair alone does not change
   * the verdict.
   */
  health(): WebhooksContext & { state: WebhooksState; since: number } {
    return { state: this.state, since: this.#since, ...this.context };
  }
}
