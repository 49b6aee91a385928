import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';
import { LARGEST_BODY } from './delivery.ts';

/** Why a body was not read to its end. */
export type UnreadReason = 'tooLarge' | 'tooBusy' | 'cutOff';

/** Bytes; a `workflow_job` is far smaller. */
const LARGE_BODY = 1024 * 1024;
const MOST_LARGE_BODIES = 4;
/** Bytes. Ordinary bodies have a budget of their own, which larger ones cannot use. */
const ORDINARY_BODY = 64 * 1024;
const ORDINARY_BYTES = 64 * 1024 * 1024;
const LARGER_BYTES = 32 * 1024 * 1024;

/** One body that is kept in memory until it is verified or refused. */
export interface HeldBody {
  /** Counts bytes that arrived. Returns the reason when this body may not grow further, otherwise null. */
  grow(bytes: number): UnreadReason | null;
  release(): void;
}

/**
 * Limits the memory for bodies that are not verified yet, since any client may send them. Bytes are counted
 * as they arrive, since the claimed length may be wrong.
 */
export class UnverifiedBodies {
  readonly #bytes = { ordinary: 0, larger: 0 };
  #largeBodies = 0;

  /**
   * Starts a body with a claimed length (null when the sender gives none). Returns null while too many large
   * ones are under way.
   */
  hold(claimed: number | null): HeldBody | null {
    let held = 0;
    let kind: 'ordinary' | 'larger' = (claimed ?? 0) > ORDINARY_BODY ? 'larger' : 'ordinary';
    let isLarge = false;
    let isReleased = false;
    const becomesLarge = () => {
      if (this.#largeBodies >= MOST_LARGE_BODIES) return false;
      this.#largeBodies += 1;
      isLarge = true;
      return true;
    };
    if ((claimed ?? 0) > LARGE_BODY && !becomesLarge()) return null;
    return {
      grow: (bytes) => {
        // A response was already sent.
        if (isReleased) return 'cutOff';
        held += bytes;
        this.#bytes[kind] += bytes;
        if (held > LARGEST_BODY) return 'tooLarge';
        if (held > ORDINARY_BODY && kind === 'ordinary') {
          this.#bytes.ordinary -= held;
          this.#bytes.larger += held;
          kind = 'larger';
        }
        if (held > LARGE_BODY && !isLarge && !becomesLarge()) return 'tooBusy';
        return this.#bytes[kind] > (kind === 'ordinary' ? ORDINARY_BYTES : LARGER_BYTES) ? 'tooBusy' : null;
      },
      release: () => {
        if (isReleased) return;
        isReleased = true;
        this.#bytes[kind] -= held;
        this.#largeBodies -= isLarge ? 1 : 0;
      },
    };
  }
}

/**
 * Reads a body to its end, or up to its limit. Node's own stream is read, since a web stream around it, as
 * middleware that limits bodies makes one, halves the deliveries that are taken in a second.
 */
export async function readBody(c: Context, held: HeldBody): Promise<Uint8Array | UnreadReason> {
  const { incoming } = (c.env ?? {}) as { incoming?: IncomingMessage };
  if (incoming) return readIncoming(incoming, held);
  // The app was called in process, without a socket.
  const body = await c.req.arrayBuffer().catch(() => null);
  if (body === null) return 'cutOff';
  return held.grow(body.byteLength) ?? new Uint8Array(body);
}

function readIncoming(incoming: IncomingMessage, held: HeldBody): Promise<Uint8Array | UnreadReason> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const end = (result: Uint8Array | UnreadReason) => {
      incoming.off('data', read).off('end', whole).off('close', cut).off('error', cut);
      chunks.length = 0;
      resolve(result);
    };
    const read = (chunk: Buffer) => {
      const reason = held.grow(chunk.byteLength);
      if (reason !== null) return end(reason);
      chunks.push(chunk);
    };
    const whole = () => end(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    const cut = () => end('cutOff');
    if (incoming.destroyed) return cut();
    incoming.on('data', read).on('end', whole).on('close', cut).on('error', cut);
  });
}
