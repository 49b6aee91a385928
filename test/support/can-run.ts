/**
 * Whether tests that need something outside the project can run here: `missing` says what is missing, null
 * means nothing. Prints the reason when they are skipped. In CI it throws instead, so that no test is skipped
 * unnoticed, except for things that only some people have.
 */
export function canRun(missing: string | null, { onlySomeHaveIt = false } = {}): boolean {
  if (missing === null) return true;
  if (process.env.CI && !onlySomeHaveIt) throw new Error(`CI runs every test, but ${missing}`);
  console.warn(`skipped: ${missing}`);
  return false;
}
