/** Milliseconds: a fixed number, or a range from which each use draws with the world's seeded source. */
export type Latency = number | readonly [least: number, most: number];

/** Draws a duration in milliseconds. A fixed number draws nothing from the source. */
export function draw(random: () => number, latency: Latency): number {
  if (typeof latency === 'number') return latency;
  const [least, most] = latency;
  return least + random() * (most - least);
}
