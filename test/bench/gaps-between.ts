export interface Stretch {
  from: number;
  to: number;
  what: string;
}

/** A time that lies in no stretch, and the stretch that ends it. */
export interface Gap {
  ms: number;
  before: string;
}

/** The times between two instants that lie in none of the given stretches. */
export function gapsBetween(stretches: readonly Stretch[], from: number, to: number): Gap[] {
  const gaps: Gap[] = [];
  let reached = from;
  const end = { from: to, to, what: 'the end' };
  for (const stretch of [...stretches].sort((a, b) => a.from - b.from).concat(end)) {
    const ms = Math.min(stretch.from, to) - reached;
    if (ms > 0) gaps.push({ ms, before: stretch.what });
    reached = Math.max(reached, Math.min(stretch.to, to));
  }
  return gaps;
}
