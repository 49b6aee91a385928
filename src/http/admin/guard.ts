import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { isPageFile } from './page-files.ts';

/** The tokens of the admin listener, as in the config; no `read_token` without a `token`. */
export interface AdminTokens {
  token?: string | undefined;
  /** Reads page, API and metrics, and neither gives orders nor sees what VMs show. */
  read_token?: string | undefined;
}

/** Who sent a request: `reader` with the token that only reads, `nobody` without a known token. */
export type Role = 'operator' | 'reader' | 'nobody';

const HEALTH_CHECKS = ['/healthz', '/readyz'];
const LOOPBACK = /^(127(\.\d+){3}|localhost|\[::1\])$/;
/** What a VM shows: it may hold whatever the job printed. */
const OF_VMS = /^\/api\/jobs\/[^/]+\/(evidence|log|screen|vm)$/;

/** Needs no token: a browser loads the page first, which then asks for the token. */
const isOpen = (path: string) => HEALTH_CHECKS.includes(path) || isPageFile(path);

const ROLE = 'role';

/** Whose request the guard let through. */
export const roleOf = (c: Context): Role => c.get(ROLE) ?? 'nobody';

/** Whether a request that the guard let through may receive more than yes or no. */
export const isTrusted = (c: Context): boolean => roleOf(c) !== 'nobody';

const digest = (text: string) => createHash('sha256').update(text).digest();

/**
 * Decides who may use the admin listener. Without a configured token it refuses a Host header that is not a
 * loopback name, since a web page could otherwise reach a loopback port by DNS rebinding. It always refuses
 * requests from a page of another origin. With a token it refuses every request that lacks it, except for the
 * page's own files and the health checks. Without the token the health checks give no reasons: those name
 * repositories, paths and what other servers returned. With the token that only reads it refuses orders and
 * evidence files.
 */
export function guard(given: () => AdminTokens): MiddlewareHandler {
  return async (c, next) => {
    const tokens = given();
    const roleFor = roles(tokens);
    const host = c.req.header('host') ?? '';
    const name = host.replace(/:\d+$/, '');
    if (tokens.token === undefined && !LOOPBACK.test(name)) {
      const message = `This request names the host "${name}". Without admin.token only loopback names are accepted: use localhost, or set admin.token.`;
      return c.json({ message }, 403);
    }
    if (!isOpen(c.req.path) && comesFromElsewhere(c, host)) {
      return c.json(
        {
          message:
            'A page of another site sent this request, so it is refused: use the page of the daemon itself.',
        },
        403,
      );
    }
    const role = roleFor(c.req.header('authorization')?.replace(/^Bearer /i, '') ?? '');
    if (role === 'nobody' && !isOpen(c.req.path)) {
      return c.json({ message: 'Send the admin token as "Authorization: Bearer <admin.token>".' }, 401);
    }
    const message = role === 'reader' ? whyNotForReaders(c) : null;
    if (message !== null) return c.json({ message }, 403);
    c.set(ROLE, role);
    return next();
  };
}

/** Compares every token in constant time. */
function roles({ token, read_token }: AdminTokens): (given: string) => Role {
  if (token === undefined) return () => 'operator';
  const known: [Role, Buffer][] = [['operator', digest(token)]];
  if (read_token !== undefined) known.push(['reader', digest(read_token)]);
  return (given) => {
    const sent = digest(given);
    const found = known.filter(([, wanted]) => timingSafeEqual(sent, wanted));
    return found[0]?.[0] ?? 'nobody';
  };
}

function whyNotForReaders({ req: { method, path } }: Context): string | null {
  if (method !== 'GET' && method !== 'HEAD') return 'This token only reads: orders need admin.token.';
  return OF_VMS.test(path)
    ? 'This token only reads: evidence files, logs and screens of VMs need admin.token.'
    : null;
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
