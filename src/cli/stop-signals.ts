import type { Clock } from '../clock.ts';

const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

export type StopSignal = keyof typeof NUMBERS;

/** One Ctrl-C may arrive twice: the terminal gives it to the whole process group, and npm passes it on. Milliseconds. */
const SAME_KEYPRESS = 250;

export interface StopSignals {
  /** Resolves with the first signal. */
  readonly first: Promise<StopSignal>;
  /** Takes the listeners away; the system's own way of ending is back in force. */
  release(): void;
}

export interface StopSignalsOptions {
  signals: readonly StopSignal[];
  clock: Clock;
  /** Called for a second signal with the exit code that shells give it (128 and its number). */
  force(exitCode: number): void;
}

/** The first signal asks for an orderly end, a second one forces it. */
export function listenForStop({ signals, clock, force }: StopSignalsOptions): StopSignals {
  let seenAt: number | null = null;
  let resolveFirst: (signal: StopSignal) => void;
  const first = new Promise<StopSignal>((resolve) => {
    resolveFirst = resolve;
  });
  const onSignal = (signal: NodeJS.Signals) => {
    if (seenAt === null) {
      seenAt = clock.now();
      resolveFirst(signal as StopSignal);
    } else if (clock.now() - seenAt >= SAME_KEYPRESS) {
      force(128 + NUMBERS[signal as StopSignal]);
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
