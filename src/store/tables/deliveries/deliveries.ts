import { z } from 'zod';
import { JOB_STATUSES } from '../../../../machines/job/context.ts';
import type { JobObservation } from '../../../../machines/job/observation.ts';
import {
  branchName,
  commitId,
  count,
  cutText,
  exactText,
  identifier,
  instant,
  labels,
} from '../../../bounds.ts';
import type { Clock } from '../../../clock.ts';
import type { GroupCommit } from '../../group-commit.ts';
import { RowsAhead } from '../rows-ahead.ts';
import type { Row, Table } from '../table.ts';
import { Lookups } from './lookups.ts';

export interface PendingDelivery {
  id: string;
  observation: JobObservation;
}

export interface StoredDelivery {
  /** Epoch ms. */
  at: number;
  /** Order of arrival: several deliveries may arrive in one millisecond. */
  order: number;
  /** Null once it is handled. */
  observation: JobObservation | null;
  handled: boolean;
}

/** An observation as it is stored. */
export const STORED_OBSERVATION: z.ZodType<JobObservation> = z.object({
  source: z.enum(['webhook', 'poll', 'recheck']),
  seenAt: instant,
  jobId: identifier,
  runId: identifier,
  runAttempt: count,
  owner: exactText,
  repository: exactText,
  workflow: cutText,
  name: cutText,
  url: cutText,
  commit: commitId,
  branch: branchName,
  labels,
  status: z.enum(JOB_STATUSES),
  conclusion: cutText.nullable(),
  queuedAt: instant,
  runnerId: identifier.nullable(),
  runnerName: exactText.nullable(),
});

const schema = z.object({
  at: instant,
  order: count,
  handled: z.boolean(),
  observation: STORED_OBSERVATION.nullable(),
});

/** Milliseconds between two walks through all deliveries to find old ones; a walk reads each of them. */
const WALK_EVERY = 24 * 3_600_000;
/** The same while even the oldest is dated later than now: its date is wrong when that lasts for an hour. */
const WALK_AHEAD_EVERY = 3_600_000;

/**
 * Webhook deliveries by GitHub's id: acknowledged when stored, and acted on once, by this daemon or the next.
 * An organization makes hundreds of thousands of them in the days in which an id may come again, so only
 * those that are being written or were not acted on are in memory.
 */
export class Deliveries {
  readonly #table: Table;
  readonly #commit: GroupCommit;
  readonly #clock: Clock;
  readonly #lookups: Lookups;
  /** Deliveries that are being looked up or written to disk. */
  readonly #arriving = new Map<string, Promise<unknown>>();
  /**
   * Deliveries that were not acted on, with their arrival in epoch ms. `came`: what a delivery of this process
   * said, since it may not be on disk yet.
   */
  readonly #unhandled = new Map<
    string,
    { at: number; came?: { order: number; observation: JobObservation } }
  >();
  readonly #ahead = new RowsAhead();
  #order = 0;
  #size = 0;
  /** Epoch ms of the oldest delivery, and of the last walk through all. */
  #oldest = Infinity;
  #walkedAt = -Infinity;
  /** Where an unfinished walk continues; null when there is none. */
  #walk: { after: string; oldest: number } | null = null;

  constructor(table: Table, commit: GroupCommit, clock: Clock) {
    this.#table = table;
    this.#commit = commit;
    this.#clock = clock;
    this.#lookups = new Lookups(table);
  }

  async load(now: number): Promise<void> {
    for await (const row of this.#table.rows()) {
      const { at, order, handled } = this.#read(row) ?? this.#setAside(row, now);
      this.#size += 1;
      this.#order = Math.max(this.#order, order);
      this.#oldest = Math.min(this.#oldest, at);
      if (!handled) this.#unhandled.set(row.key, { at });
    }
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Calls `act` for a delivery that did not come before; deliveries are handled in the order of their
   * arrival. What `act` puts into the store is written together with the delivery. It returns what is left
   * for the next start: null when all is done. Durable when it resolves, also for the second of two copies
   * that arrive at the same time. Rejects without acting while the store cannot be read.
   */
  async remember(id: string, act: () => JobObservation | null): Promise<'stored' | 'known'> {
    const earlier = this.#arriving.get(id);
    if (earlier) {
      await earlier;
      return 'known';
    }
    const arriving = this.#store(id, act);
    this.#arriving.set(id, arriving);
    try {
      return await arriving;
    } finally {
      this.#arriving.delete(id);
    }
  }

  async #store(id: string, act: () => JobObservation | null): Promise<'stored' | 'known'> {
    const isKnown = await this.#lookups.has(id);
    if (isKnown) return 'known';
    this.#commit.atomically(() => {
      const observation = act();
      this.#order += 1;
      const order = this.#order;
      const at = this.#clock.now();
      this.#table.put(id, { at, order, observation, handled: observation === null });
      this.#size += 1;
      this.#oldest = Math.min(this.#oldest, at);
      if (observation !== null) this.#unhandled.set(id, { at, came: { order, observation } });
    });
    await this.#commit.durable();
    return 'stored';
  }

  /**
   * The delivery's id stays known; its content is no longer needed. Has to be called in one transaction with
   * what the delivery changed, so that neither is stored without the other.
   */
  markHandled(id: string): void {
    this.#table.put(id, handledAt(this.#unhandled.get(id)?.at ?? this.#clock.now()));
    this.#unhandled.delete(id);
  }

  /** Deliveries that were acknowledged but not acted on, in the order of their arrival. */
  async pending(): Promise<PendingDelivery[]> {
    const unhandled = [...this.#unhandled];
    const rows = await this.#table.getMany(unhandled.flatMap(([id, { came }]) => (came ? [] : [id])));
    const stored = rows.flatMap((row) => {
      const { order, observation } = this.#read(row) ?? handledAt(0);
      return observation ? [{ id: row.key, order, observation }] : [];
    });
    const came = unhandled.flatMap(([id, { came: one }]) => (one ? [{ id, ...one }] : []));
    return [...stored, ...came]
      .sort((a, b) => a.order - b.order)
      .map(({ id, observation }) => ({ id, observation }));
  }

  /**
   * For a delivery whose content makes the daemon crash: its id stays known, and its content is kept for a
   * person.
   */
  async giveUp(id: string): Promise<void> {
    for (const row of await this.#table.getMany([id])) this.#setAside(row, this.#clock.now());
    this.#unhandled.delete(id);
  }

  /**
   * Removes deliveries that came before an instant (epoch ms), and reads at most `limit` for that; the next
   * call continues where this one stopped. A delivery dated later than now is dated now when it stays ahead.
   */
  async prune(now: number, before: number, limit: number): Promise<{ pruned: number; isDone: boolean }> {
    const pause = this.#oldest > now ? WALK_AHEAD_EVERY : WALK_EVERY;
    const isRested = now >= this.#walkedAt + pause || now < this.#walkedAt;
    const isDue = isRested && (this.#oldest < before || this.#oldest > now);
    if (this.#walk === null && !isDue) return { pruned: 0, isDone: true };
    this.#walk ??= { after: '', oldest: Infinity };
    const walk = this.#walk;
    let read = 0;
    let pruned = 0;
    for await (const row of this.#table.rows({ gt: walk.after, limit })) {
      read += 1;
      walk.after = row.key;
      const delivery = this.#read(row) ?? this.#setAside(row, now);
      if (delivery.at < before) {
        this.#table.delete(row.key);
        this.#unhandled.delete(row.key);
        pruned += 1;
        continue;
      }
      if (delivery.at > now && this.#ahead.staysAhead(row.key, now)) {
        delivery.at = now;
        this.#table.put(row.key, delivery);
      }
      walk.oldest = Math.min(walk.oldest, delivery.at);
    }
    this.#size -= pruned;
    if (read === limit) return { pruned, isDone: false };
    this.#ahead.forgetBefore(now);
    this.#walkedAt = now;
    this.#oldest = walk.oldest;
    this.#walk = null;
    return { pruned, isDone: true };
  }

  /** Null for a row that cannot be used. */
  #read({ value }: Row): StoredDelivery | null {
    return schema.safeParse(value).data ?? null;
  }

  #setAside(row: Row, now: number): StoredDelivery {
    const instead = handledAt(now);
    const { error = null } = schema.safeParse(row.value);
    this.#table.setAside(row, error, instead, 'The next poll finds what it said.');
    return instead;
  }
}

const handledAt = (at: number): StoredDelivery => ({ at, order: 0, observation: null, handled: true });
