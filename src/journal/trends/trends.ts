import type { Clock } from '../../clock.ts';
import { inPieces } from '../in-pieces.ts';
import { type Recording, seqBefore } from '../recording.ts';
import { type Failures, TrendFold } from './trend-fold.ts';
import { type TrendPoint, trendPoints } from './trend-points.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Each range in milliseconds, and the length of its points. */
const RANGES = {
  '1h': { length: HOUR, step: MINUTE },
  '6h': { length: 6 * HOUR, step: 5 * MINUTE },
  '24h': { length: DAY, step: 20 * MINUTE },
  '7d': { length: 7 * DAY, step: 2 * HOUR },
};
export type TrendRange = keyof typeof RANGES;
export const TREND_RANGES = Object.keys(RANGES) as TrendRange[];

/** Milliseconds; an older minute is forgotten. */
const KEPT = 7 * DAY + 2 * HOUR;
/** An answer waits for so many entries; with more it says how much is read. */
const MOST_AWAITED = 2_000;
/** Milliseconds without a request after which the journal is read from the start again: it may have lost entries. */
const STALE = DAY;

export interface TrendsAnswer {
  range: TrendRange;
  /** Epoch ms. */
  from: number;
  until: number;
  /** Epoch ms; nothing before is in the figures: the journal begins then, or older minutes are forgotten. */
  keptFrom: number;
  /** Milliseconds of a point. */
  step: number;
  /** The part of the journal that is read, up to 1; the points behind it are empty. */
  read: number;
  points: TrendPoint[];
  /** The same for the whole range. */
  whole: TrendPoint;
  /** The causes of the failures in the whole range, the most frequent first. */
  causes: Failures[];
}

/**
 * Queue, waits, slots and failures of the last week. The journal is read only when a person asks, some entries at a
 * time, and from then on only what was added since.
 */
export class Trends {
  readonly #recording: Recording;
  readonly #clock: Clock;
  readonly #githubAhead: () => number;
  #fold: TrendFold;
  /** Number of the last entry that is in the fold; null before the first reading. */
  #seq: number | null = null;
  #first = 0;
  /** Epoch ms of the first entry of the journal. */
  #beganAt = 0;
  #readAt = -Infinity;
  #reading: Promise<void> | null = null;
  /** Why the last reading ended, which nobody awaited. */
  #problem: unknown = null;

  /** `githubAhead`: by how many milliseconds GitHub's clock is ahead of ours. */
  constructor(recording: Recording, clock: Clock, githubAhead: () => number) {
    this.#recording = recording;
    this.#clock = clock;
    this.#githubAhead = githubAhead;
    this.#fold = new TrendFold(githubAhead);
  }

  /** The range that ends at an instant (epoch ms). Rejects when the journal cannot be read. */
  async of(range: TrendRange, at: number): Promise<TrendsAnswer> {
    if (this.#problem !== null) {
      const problem = this.#problem;
      this.#problem = null;
      throw problem;
    }
    const reading = this.#read();
    if (this.#recording.seq() - (this.#seq ?? 0) <= MOST_AWAITED) await reading;
    else
      reading.catch((error: unknown) => {
        this.#problem = error;
      });
    const { length, step } = RANGES[range];
    const until = (Math.floor(at / step) + 1) * step;
    const from = until - length;
    const span = this.#recording.seq() - this.#first;
    const read = this.#reading === null || span <= 0 ? 1 : ((this.#seq ?? this.#first) - this.#first) / span;
    const keptFrom = Math.max(this.#beganAt, this.#clock.now() - KEPT);
    return { range, from, until, keptFrom, step, read, ...trendPoints(this.#fold, { from, until, step }) };
  }

  /** Adds what is not in the fold yet; one reading at a time. */
  #read(): Promise<void> {
    this.#reading ??= this.#readOn().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #readOn(): Promise<void> {
    const recording = this.#recording;
    const now = this.#clock.now();
    await recording.durable();
    for await (const { at } of recording.read({ limit: 1 })) this.#beganAt = at;
    if (this.#seq === null || now - this.#readAt > STALE) {
      this.#fold = new TrendFold(this.#githubAhead);
      this.#first = await seqBefore(recording, await recording.seqAt(now - KEPT));
      this.#seq = this.#first;
    }
    this.#readAt = now;
    for await (const entry of inPieces(recording.read({ after: this.#seq }))) {
      this.#fold.add(entry);
      this.#seq = entry.seq;
    }
    const end = this.#clock.now();
    this.#fold.advance(end);
    this.#fold.prune(end - KEPT);
  }
}
