import { z } from 'zod';
import type { Clock } from '../clock.ts';

/**
 * One way in which a simulated server misbehaves. The same shape is the JSON of `POST /_sim/faults`. `route`
 * is `METHOD /path`, where `:name` matches one path segment and `*` matches anything: `POST /vms/:id/start`,
 * `GET *`, `*`. A request takes the first fault that fits; delays come before everything else that the fault
 * does.
 */
export const faultSchema = z.strictObject({
  route: z.string().min(1),
  /** Respond with this status instead of doing the work (unless `drop` is `after`). */
  status: z.int().min(100).max(599).optional(),
  /** Error code and message in the server's own envelope; `body` replaces the envelope altogether. */
  code: z.string().optional(),
  message: z.string().optional(),
  body: z.unknown().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Milliseconds before the request is handled. Alone, it only makes the server slow. */
  delayMs: z.number().nonnegative().optional(),
  /** Never respond; the connection stays open until the client or the end of the server closes it. */
  hang: z.boolean().optional(),
  /** Milliseconds between two bytes of the response; only a simulated agent does this. */
  dripMs: z.number().positive().optional(),
  /** Fill each page of a list with the same entries again, so that it never ends; only a simulated agent does this. */
  endlessList: z.boolean().optional(),
  /** Cut the connection without a response: before the work, or after it took effect. */
  drop: z.enum(['before', 'after']).optional(),
  /** How many requests the fault hits in all; without it, every request. */
  times: z.int().positive().optional(),
  /** How many matching requests pass before the first hit. */
  skip: z.int().nonnegative().optional(),
  /** Chance that a matching request is hit, 0 to 1, drawn from the plan's seeded source. */
  probability: z.number().min(0).max(1).optional(),
  /** Begin and end of the fault, in milliseconds after it was added. */
  afterMs: z.number().nonnegative().optional(),
  untilMs: z.number().nonnegative().optional(),
});

export type Fault = z.infer<typeof faultSchema>;

/** An active fault, with the number of its hits so far. */
export interface PlannedFault {
  readonly fault: Fault;
  /** Requests that the fault hit. */
  readonly hits: number;
}

interface Entry {
  fault: Fault;
  hits: number;
  passed: number;
  addedAt: number;
  pattern: RegExp;
}

/** The faults of one simulated server. It only decides; the server carries the fault out. */
export class FaultPlan {
  private readonly clock: Clock;
  private readonly random: () => number;
  private entries: Entry[] = [];

  /** `random` returns numbers in [0, 1); with a seeded source, runs repeat. */
  constructor(clock: Clock, random: () => number) {
    this.clock = clock;
    this.random = random;
  }

  /** Activates a fault and returns it, so that a test can read its `hits`. */
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

  /** Ends every fault, including those with hits left. */
  clear(): void {
    this.entries = [];
  }

  list(): readonly PlannedFault[] {
    return this.entries;
  }

  /**
   * The fault that hits this request, counted as a hit, or null. Call it once for each request. `request` is
   * `METHOD /path` without a query; the route's own pattern works as well as the real path.
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

/** The effect of a fault's `hang`: never resolves; rejects when `signal` aborts. */
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
