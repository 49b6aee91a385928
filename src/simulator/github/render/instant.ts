/** An instant as GitHub writes it: whole seconds, UTC. */
export function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
