import type { Clock } from '../clock.ts';

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

export type StopSignal = keyof typeof SIGNAL_NUMBERS;

/**
 * Milliseconds within which a second signal counts as the same keypress: the terminal sends Ctrl-C to the whole process
 * group, and npm passes it on once more.
 */
const SAME_KEYPRESS_MS = 250;

export interface StopSignals {
  /** Resolves with the first signal. */
  readonly first: Promise<StopSignal>;
  /** Removes the listeners; a signal then ends the process in the system's own way. */
  release(): void;
}

export interface StopSignalsOptions {
  signals: readonly StopSignal[];
  clock: Clock;
  /** Called for a second signal, with the exit code that shells use for it (128 plus its number). */
  force(exitCode: number): void;
}

/** The first signal asks for an orderly end, a second one forces it. */
export function listenForStop({ signals, clock, force }: StopSignalsOptions): StopSignals {
  let firstAt: number | null = null;
  let resolveFirst: (signal: StopSignal) => void;
  const first = new Promise<StopSignal>((resolve) => {
    resolveFirst = resolve;
  });
  const onSignal = (signal: NodeJS.Signals) => {
    if (firstAt === null) {
      firstAt = clock.now();
      resolveFirst(signal as StopSignal);
    } else if (clock.now() - firstAt >= SAME_KEYPRESS_MS) {
      force(128 + SIGNAL_NUMBERS[signal as StopSignal]);
    }
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    first,
    release: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
