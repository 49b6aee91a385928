/** Returns the earliest of some instants (epoch ms); null when there is none. */
export function soonest(instants: readonly (number | null)[]): number | null {
  const known = instants.filter((at) => at !== null);
  return known.length === 0 ? null : Math.min(...known);
}
