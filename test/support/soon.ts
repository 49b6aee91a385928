import { vi } from 'vitest';

/** Waits until a condition is true, also on a slow machine: at most 20 s. */
export const soon = <T>(fact: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(fact, { timeout: 20_000, interval: 20 });
