import type { MiddlewareHandler } from 'hono';
import type { Clock } from '../../clock.ts';
import { ANSWER } from './delivery-answers.ts';

/** One request at the webhook address, with the response that it got. */
export interface DeliverySeen {
  /** Epoch ms. */
  at: number;
  id: string;
  event: string;
  status: number;
  /** The message of the response. */
  message: string;
}

/** Requests that are remembered for an operator to look at. */
const MOST_REMEMBERED = 50;
/** Characters kept of a header that a stranger may have sent. */
const LONGEST_HEADER = 80;

/** Remembers the responses to the last deliveries, genuine or not. */
export class DeliveryLog {
  readonly #clock: Clock;
  readonly #last: DeliverySeen[] = [];
  readonly #byStatus = new Map<number, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Middleware around the receiver. */
  readonly watch: MiddlewareHandler = async (c, next) => {
    await next();
    const { status } = c.res;
    this.#byStatus.set(status, (this.#byStatus.get(status) ?? 0) + 1);
    this.#last.unshift({
      at: this.#clock.now(),
      id: (c.req.header('x-github-delivery') ?? '').slice(0, LONGEST_HEADER),
      event: (c.req.header('x-github-event') ?? '').slice(0, LONGEST_HEADER),
      status,
      message: String(c.get(ANSWER) ?? ''),
    });
    this.#last.length = Math.min(this.#last.length, MOST_REMEMBERED);
  };

  /** The newest first. */
  last(): DeliverySeen[] {
    return [...this.#last];
  }

  byStatus(): Record<string, number> {
    return Object.fromEntries(this.#byStatus);
  }
}
