/** How much of the time between two instants lies in none of the given stretches. */
export function uncovered(
  stretches: readonly { from: number; to: number }[],
  from: number,
  to: number,
): number {
  let reached = from;
  let free = 0;
  for (const stretch of [...stretches].sort((a, b) => a.from - b.from)) {
    free += Math.max(0, Math.min(stretch.from, to) - reached);
    reached = Math.max(reached, Math.min(stretch.to, to));
  }
  return free + Math.max(0, to - reached);
}
