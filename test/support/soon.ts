import { vi } from 'vitest';

/** Waits for a fact, on a machine that may be slow: at most 20 s. */
export const soon = <T>(fact: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(fact, { timeout: 20_000, interval: 20 });
