/**
 * Whether tests that need something outside the project can run here: `missing` says what is not there, null that
 * all is. Prints the reason where they are skipped; throws it in CI, so that nothing is left out there unseen, unless
 * it is something that only some have.
 */
export function canRun(missing: string | null, { onlySomeHaveIt = false } = {}): boolean {
  if (missing === null) return true;
  if (process.env.CI && !onlySomeHaveIt) throw new Error(`CI runs every test, but ${missing}`);
  console.warn(`skipped: ${missing}`);
  return false;
}
