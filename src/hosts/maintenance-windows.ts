import type { Cron } from 'croner';
import { cronOf, type MaintenanceWindow } from '../config/values/maintenance-window.ts';

/** One occurrence of a window. Epoch ms on the system's clock, which a window follows as a person's calendar does. */
export interface Occurrence {
  from: number;
  until: number;
}

/** The maintenance windows of one host. */
export class MaintenanceWindows {
  readonly #windows: { cron: Cron; duration: number }[];
  #known: { since: number; present: Occurrence | null; next: Occurrence | null } | null = null;

  constructor(windows: readonly MaintenanceWindow[]) {
    this.#windows = windows.map((window) => ({ cron: cronOf(window), duration: window.duration }));
  }

  /** The occurrence at an instant of the system's clock, the one that ends last; null outside of all. */
  present(now: number): Occurrence | null {
    return this.#at(now).present;
  }

  /** The first occurrence that begins later; null when none does. */
  next(now: number): Occurrence | null {
    return this.#at(now).next;
  }

  /** The schedule is computed once for each of its changes: it is asked for with every decision about slots. */
  #at(now: number) {
    const known = this.#known;
    const until = Math.min(known?.present?.until ?? Infinity, known?.next?.from ?? Infinity);
    if (known !== null && now >= known.since && now < until) return known;
    const present = this.#occurrences(({ cron, duration }) => {
      const [from] = cron.previousRuns(1, new Date(now + 1));
      return from && from.getTime() + duration > now ? from : null;
    }).sort((a, b) => b.until - a.until)[0];
    const next = this.#occurrences(({ cron }) => cron.nextRun(new Date(now))).sort(
      (a, b) => a.from - b.from,
    )[0];
    this.#known = { since: now, present: present ?? null, next: next ?? null };
    return this.#known;
  }

  #occurrences(begin: (window: { cron: Cron; duration: number }) => Date | null): Occurrence[] {
    return this.#windows.flatMap((window) => {
      const from = begin(window)?.getTime();
      return from === undefined ? [] : [{ from, until: from + window.duration }];
    });
  }
}
