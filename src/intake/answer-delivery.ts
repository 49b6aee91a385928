import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** Where in Hono's context the answer is left for those who stand in front of the receiver. */
export const ANSWER = 'answer';

/**
 * Answers a delivery with one message, and leaves it in the context: whoever reads it back from a clone of the response
 * costs half of all the deliveries that a second could take.
 */
export function answerDelivery(c: Context, message: string, status: ContentfulStatusCode): Response {
  c.set(ANSWER, message);
  return c.json({ message }, status);
}
