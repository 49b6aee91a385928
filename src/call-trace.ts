import { channel } from 'node:diagnostics_channel';
import type { Clock } from './clock.ts';

/** One call that left this process. It never holds a body, a query or a secret (law 7). */
export interface OutgoingCall {
  system: 'agent' | 'github' | 'guest';
  /** A host's name in the config; null when the call does not go to a host. */
  host: string | null;
  /** An HTTP method, or `ssh`. */
  method: string;
  /** The path with its ids taken out, or what a script in the guest is for. */
  route: string;
  /** HTTP status or exit code; null when no response came. */
  status: number | null;
  /** How long it took, in milliseconds. */
  ms: number;
}

type Facts = Omit<OutgoingCall, 'status' | 'ms'>;

/**
 * Where the adapters report their calls, as Node's own modules do. A listener runs in the async context of
 * the caller, so it knows for which effect a call was made; it brings its own clock.
 */
const begun = channel('jeballto-runner:call:begin');
const over = channel('jeballto-runner:call:end');

interface End {
  facts: Facts;
  status: number | null;
}

/**
 * Reports the beginning of a call. The caller calls the returned function once, with the status when the call
 * has ended.
 */
export function beginCall(facts: Facts): (status: number | null) => void {
  begun.publish(facts);
  return (status) => over.publish({ facts, status } satisfies End);
}

/**
 * Passes each call to the listener when it has ended, with its duration on the given clock. Returns the
 * function that stops this.
 */
export function onCallEnd(clock: Clock, listener: (call: OutgoingCall) => void): () => void {
  const beganAt = new Map<Facts, number>();
  const note = (facts: unknown) => beganAt.set(facts as Facts, clock.now());
  const hand = (end: unknown) => {
    const { facts, status } = end as End;
    const began = beganAt.get(facts);
    beganAt.delete(facts);
    if (began !== undefined) listener({ ...facts, status, ms: Math.round(clock.now() - began) });
  };
  begun.subscribe(note);
  over.subscribe(hand);
  return () => {
    begun.unsubscribe(note);
    over.unsubscribe(hand);
  };
}

/** Returns a path without what differs from call to call, so that calls can be counted by route. */
export function routeOf(path: string): string {
  return path
    .replace(/\?.*$/, '')
    .replace(/^\/repos\/[^/]+\/[^/]+/, '/repos/{repository}')
    .replace(/^\/orgs\/[^/]+/, '/orgs/{owner}')
    .replace(/\/(\d+|[0-9a-f]{8}-[0-9a-f-]{20,}|[A-Za-z0-9_-]{20,})(?=\/|$)/gi, '/{id}');
}
