import type { Context } from 'hono';

/** Returns the job that the path of a request names; -1, which no job has, when it is not an id. */
export function jobIdOf(c: Context): number {
  const id = c.req.param('id') ?? '';
  return /^\d{1,16}$/.test(id) ? Number(id) : -1;
}
