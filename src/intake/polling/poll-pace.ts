export interface Paces {
  mode: 'poll' | 'webhook' | 'both';
  /** Milliseconds: `controller.poll_interval` and `controller.recheck_interval`. */
  interval: number;
  recheckInterval: number;
}

/**
 * Milliseconds between two looks at GitHub. While webhooks are trusted, looking is a backstop and goes slowly; while
 * they are doubted, it stands in for them. Before the first delivery each mode does what its name says.
 */
export function pollPace({ mode, interval, recheckInterval }: Paces, webhooks: string): number {
  if (mode === 'poll') return interval;
  const slow = Math.max(interval, recheckInterval);
  if (webhooks === 'doubted') return Math.min(interval, recheckInterval);
  if (mode === 'webhook') return recheckInterval;
  return webhooks === 'silent' ? interval : slow;
}
