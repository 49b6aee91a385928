import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** Where in Hono's context the answer is left for those who stand in front of the receiver. */
export const ANSWER = 'answer';

/**
 * Answers a delivery with one message, and leaves it in the context: to read it back from a clone of the response would
 * be dearer than most of what is done for a delivery.
 */
export function answerDelivery(c: Context, message: string, status: ContentfulStatusCode): Response {
  c.set(ANSWER, message);
  return c.json({ message }, status);
}
