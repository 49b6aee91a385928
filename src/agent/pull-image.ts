import { type Clock, sleepFor } from '../clock.ts';
import type { AgentClient } from './agent-client.ts';
import { pullFailure } from './agent-failure.ts';

/**
 * Milliseconds between two polls of a pull. The first poll comes at once, since most pulls are cache hits.
 */
const FIRST_PAUSE = 10;
const LONGEST_PAUSE = 2_000;
/** Ratio of a pause to the one before: the end of a pull is seen within a quarter of the time that it took. */
const PAUSE_GROWTH = 1.25;

export interface PullOptions {
  clock: Clock;
  /** Milliseconds for the whole pull; the agent enforces it. */
  timeout: number;
  /** Receives the progress as a text for people. */
  onProgress(text: string): void;
  signal: AbortSignal;
}

/**
 * Makes the host pull the image as an asynchronous operation, so that the create after it is short and
 * progress can be shown. The reference has to be the same string as in the create: the agent's cache compares
 * strings. Returns the digest that the host then has for the reference, or null when the agent does not say.
 * Rejects with the pull's own failure, or HOST_BUSY when the operation is unknown (the agent was restarted).
 */
export async function pullImage(
  client: AgentClient,
  reference: string,
  { clock, timeout, onProgress, signal }: PullOptions,
): Promise<string | null> {
  const started = await client.pullImage(reference, {
    timeoutSeconds: Math.ceil(timeout / 1000),
    signal,
  });
  let pause = 0;
  let pull = started;
  while (pull.status !== 'completed') {
    if (pull.status === 'failed' || pull.status === 'cancelled') throw pullFailure(reference, pull);
    const percent = pull.progress == null ? '' : ` ${Math.floor(pull.progress * 100)} %`;
    onProgress(`pulling ${reference}${percent}`);
    await sleepFor(clock, pause, signal);
    pause = Math.min(LONGEST_PAUSE, Math.max(FIRST_PAUSE, pause * PAUSE_GROWTH));
    const seen = await client.pullOperation(pull.operationId, { signal });
    if (seen === null) throw pullFailure(reference, null);
    pull = seen;
  }
  return pull.digest;
}
