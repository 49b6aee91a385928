import { vi } from 'vitest';

/** Waits until a condition is true, also on a slow machine: at most 60 s. */
export const soon = <T>(fact: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(fact, { timeout: 60_000, interval: 20 });
