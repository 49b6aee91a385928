import type { z } from 'zod';

/** A route of the API, as its description has it. */
export interface Route {
  method: 'get' | 'post';
  path: string;
  summary: string;
  query?: Record<string, string>;
  /** The media type of a response that is not JSON. */
  answer: z.ZodType | 'text/event-stream' | 'image/png';
}
