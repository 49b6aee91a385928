import { z } from 'zod';
import type { Clock } from '../clock.ts';

/**
 * One way in which a simulated server misbehaves. The same shape is the JSON of `POST /_sim/faults`.
 * `route` is `METHOD /path`, where `:name` stands for one path segment and `*` for anything: `POST /vms/:id/start`,
 * `GET *`, `*`. A request takes the first fault that fits; delays come before whatever else the fault does.
 */
export const faultSchema = z.strictObject({
  route: z.string().min(1),
  /** Answer with this status instead of doing the work (unless `drop` is `after`). */
  status: z.int().min(100).max(599).optional(),
  /** Error code and message in the server's own envelope; `body` replaces the envelope altogether. */
  code: z.string().optional(),
  message: z.string().optional(),
  body: z.unknown().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Milliseconds before the request is handled. Alone, it only makes the server slow. */
  delayMs: z.number().nonnegative().optional(),
  /** Never answer; the connection stays open until the client or the server's end closes it. */
  hang: z.boolean().optional(),
  /** Milliseconds between two bytes of the answer; only a simulated agent does this. */
  dripMs: z.number().positive().optional(),
  /** Fill each page of a list with the same entries again, so that it never ends; only a simulated agent does this. */
  endlessList: z.boolean().optional(),
  /** Cut the connection without an answer: before the work, or after it took effect. */
  drop: z.enum(['before', 'after']).optional(),
  /** How many requests it hits before it is spent; without it, all of them. */
  times: z.int().positive().optional(),
  /** How many fitting requests it lets pass first. */
  skip: z.int().nonnegative().optional(),
  /** Chance of a fitting request to be hit, 0 to 1, drawn from the plan's seeded source. */
  probability: z.number().min(0).max(1).optional(),
  /** Window in milliseconds after the fault was added. */
  afterMs: z.number().nonnegative().optional(),
  untilMs: z.number().nonnegative().optional(),
});

export type Fault = z.infer<typeof faultSchema>;

/** A fault in force, with what it did so far. */
export interface PlannedFault {
  readonly fault: Fault;
  /** Requests that it hit. */
  readonly hits: number;
}

interface Entry {
  fault: Fault;
  hits: number;
  passed: number;
  addedAt: number;
  pattern: RegExp;
}

/** The faults of one simulated server. It only decides; the server that asks carries the fault out. */
export class FaultPlan {
  private readonly clock: Clock;
  private readonly random: () => number;
  private entries: Entry[] = [];

  /** `random` gives numbers in [0, 1); seed it and runs repeat. */
  constructor(clock: Clock, random: () => number) {
    this.clock = clock;
    this.random = random;
  }

  /** Puts a fault in force and returns it, so that a test can read its `hits`. */
  add(fault: Fault): PlannedFault {
    const entry: Entry = {
      fault,
      hits: 0,
      passed: 0,
      addedAt: this.clock.now(),
      pattern: routePattern(fault.route),
    };
    this.entries.push(entry);
    return entry;
  }

  /** Ends every fault, spent or not. */
  clear(): void {
    this.entries = [];
  }

  list(): readonly PlannedFault[] {
    return this.entries;
  }

  /**
   * The fault that hits this request, counted as a hit, or null. Ask once for each request.
   * `request` is `METHOD /path` without a query; the route's own pattern works as well as the real path.
   */
  next(request: string): Fault | null {
    for (const entry of this.entries) {
      if (!entry.pattern.test(request) || !this.inForce(entry)) continue;
      if (entry.passed < (entry.fault.skip ?? 0)) {
        entry.passed += 1;
        continue;
      }
      if (entry.fault.probability !== undefined && this.random() >= entry.fault.probability) continue;
      entry.hits += 1;
      return entry.fault;
    }
    return null;
  }

  private inForce({ fault, hits, addedAt }: Entry): boolean {
    const age = this.clock.now() - addedAt;
    return (
      hits < (fault.times ?? Number.POSITIVE_INFINITY) &&
      age >= (fault.afterMs ?? 0) &&
      age < (fault.untilMs ?? Number.POSITIVE_INFINITY)
    );
  }
}

/** What a fault's `hang` does: never resolves; rejects when `signal` aborts. */
export function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function routePattern(route: string): RegExp {
  const source = route
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replace(/:[A-Za-z_]\w*/g, '[^/ ]+');
  return new RegExp(`^${source}$`);
}
