/**
 * Milliseconds: no pause is longer. No pause is longer than its cause has lasted, either, since each is
 * double the one before.
 */
export const LONGEST_PAUSE = 60 * 60_000;
