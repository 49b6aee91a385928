import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { isPageFile } from './page-files.ts';

const HEALTH_CHECKS = ['/healthz', '/readyz'];
const LOOPBACK = /^(127(\.\d+){3}|localhost|\[::1\])$/;

/** Needs no token: a browser loads the page first, which then asks for the token. */
const isOpen = (path: string) => HEALTH_CHECKS.includes(path) || isPageFile(path);

const TRUSTED = 'isTrusted';

/** Whether a request that the guard let through may receive more than yes or no. */
export const isTrusted = (c: Context): boolean => c.get(TRUSTED) === true;

const digest = (text: string) => createHash('sha256').update(text).digest();

/**
 * Decides who may use the admin listener. Without a configured token it refuses a Host header that is not a
 * loopback name, since a web page could otherwise reach a loopback port by DNS rebinding. It always refuses
 * requests from a page of another origin. With a token it refuses every request that lacks it, except for the
 * page's own files and the health checks. Without the token the health checks give no reasons: those name
 * repositories, paths and what other servers returned.
 */
export function guard(token: string | null): MiddlewareHandler {
  const wanted = token === null ? null : digest(token);
  return async (c, next) => {
    const host = c.req.header('host') ?? '';
    const name = host.replace(/:\d+$/, '');
    if (wanted === null && !LOOPBACK.test(name)) {
      const message = `The Host header "${name}" is not a loopback name; set admin.token to use others.`;
      return c.json({ message }, 403);
    }
    if (!isOpen(c.req.path) && comesFromElsewhere(c, host)) {
      return c.json({ message: 'Cross-site requests are refused.' }, 403);
    }
    const given = c.req.header('authorization')?.replace(/^Bearer /i, '') ?? '';
    const isKnown = wanted === null || timingSafeEqual(digest(given), wanted);
    if (!isKnown && !isOpen(c.req.path)) {
      return c.json({ message: 'Send the admin token as "Authorization: Bearer <admin.token>".' }, 401);
    }
    c.set(TRUSTED, isKnown);
    return next();
  };
}

/**
 * Decides by the headers that browsers add. A page on another port of this machine is another origin, too.
 */
function comesFromElsewhere(c: Context, host: string): boolean {
  const site = c.req.header('sec-fetch-site');
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const origin = c.req.header('origin');
  return origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
}
