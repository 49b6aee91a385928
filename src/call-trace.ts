import { channel } from 'node:diagnostics_channel';

/** One call that left this process: never a body, a query or a secret (law 7). */
export interface OutgoingCall {
  system: 'agent' | 'github' | 'guest';
  /** A host's name in the config; null where the call goes to none. */
  host: string | null;
  /** An HTTP method, or `ssh`. */
  method: string;
  /** The path with its ids taken out, or what a script in the guest is for. */
  route: string;
  /** HTTP status or exit code; null when no answer came. */
  status: number | null;
  /** How long it took, in milliseconds. */
  ms: number;
}

/**
 * Where the adapters tell of their calls, as Node's own modules do. Whoever listens runs in the async context of
 * the caller, and so knows for which effect a call was made.
 */
export const outgoingCalls = channel('jeballto-runner:call');

/** Begins a call; the answer is to be told how it ended, once. */
export function beginCall(facts: Omit<OutgoingCall, 'status' | 'ms'>): (status: number | null) => void {
  const began = performance.now();
  return (status) => {
    if (!outgoingCalls.hasSubscribers) return;
    outgoingCalls.publish({ ...facts, status, ms: Math.round(performance.now() - began) });
  };
}

/** A path without what differs from call to call, so that calls can be counted by route. */
export function routeOf(path: string): string {
  return path
    .replace(/\?.*$/, '')
    .replace(/^\/repos\/[^/]+\/[^/]+/, '/repos/{repository}')
    .replace(/^\/orgs\/[^/]+/, '/orgs/{owner}')
    .replace(/\/(\d+|[0-9a-f]{8}-[0-9a-f-]{20,}|[A-Za-z0-9_-]{20,})(?=\/|$)/gi, '/{id}');
}
