import type { Clock } from '../../clock.ts';

/** Something that happens later unless it is cancelled. */
export interface Alarm {
  cancel(): void;
}

/** What happens by itself as time passes; all of it ends with the world. */
export class Alarms {
  private readonly clock: Clock;
  private readonly pending = new Set<AbortController>();
  private hasEnded = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Does `work` at the instant `at`, in epoch ms. An error in it is a bug in the simulator and ends the process. */
  set(at: number, work: () => void): Alarm {
    const controller = new AbortController();
    if (this.hasEnded) return { cancel: () => undefined };
    this.pending.add(controller);
    const { signal } = controller;
    this.clock.sleepUntil(at, signal).then(
      () => {
        this.pending.delete(controller);
        if (!signal.aborted) work();
      },
      (error: unknown) => {
        this.pending.delete(controller);
        if (!signal.aborted) throw error;
      },
    );
    return { cancel: () => controller.abort() };
  }

  /** Cancels every alarm; later ones are ignored. */
  end(): void {
    this.hasEnded = true;
    for (const controller of this.pending) controller.abort();
  }
}
