/** Shares of the whole way, ascending, at which the daemon is killed: after the first steps and before most is done. */
export function killPlan(kills: number, random: () => number): number[] {
  const [first, last] = [0.02, 0.8];
  return Array.from({ length: kills }, () => first + random() * (last - first)).sort((a, b) => a - b);
}
