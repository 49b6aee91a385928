/** Returns an instant as GitHub writes it: whole seconds, UTC. */
export function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** GitHub's opaque global id of something. */
export function nodeId(prefix: string, id: number): string {
  return `${prefix}_${Buffer.from(`kwDO${id}`).toString('base64url')}`;
}
