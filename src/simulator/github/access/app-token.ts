import { verify } from 'node:crypto';
import type { AppOptions } from '../options.ts';
import { Refusal } from '../refusal.ts';
import type { Credential } from './credential.ts';

/**
 * Seconds: GitHub allows a lifetime of ten minutes for an App's token, and clocks that differ by one minute.
 */
const MAX_LIFETIME_S = 10 * 60;
const CLOCK_TOLERANCE_S = 60;

/** Checks the JSON web token of an App. Throws GitHub's 401 with what is wrong with it. */
export function verifyAppToken(app: AppOptions, token: string, now: number): Credential {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const claims = decode(payload);
  if (decode(header)?.alg !== 'RS256' || claims === null) throw undecodable();
  if (app.publicKey !== null) {
    const signed = Buffer.from(`${header}.${payload}`);
    if (!verify('RSA-SHA256', signed, app.publicKey, Buffer.from(signature, 'base64url')))
      throw undecodable();
  }
  const { iat, exp, iss } = claims;
  const seconds = now / 1000;
  if (typeof exp !== 'number' || exp <= seconds) {
    throw unauthorized(
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  }
  if (exp > seconds + MAX_LIFETIME_S + CLOCK_TOLERANCE_S) {
    throw unauthorized("'Expiration time' claim ('exp') is too far in the future");
  }
  if (typeof iat !== 'number' || iat > seconds + CLOCK_TOLERANCE_S) {
    throw unauthorized(
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  }
  if (String(iss) !== String(app.id)) throw new Refusal(404, 'Integration not found');
  return {
    kind: 'app',
    token,
    budget: `app ${app.id}`,
    login: null,
    scopes: null,
    permissions: null,
    repositories: null,
    account: null,
    expiresAt: exp * 1000,
  };
}

export function undecodable(): Refusal {
  return unauthorized('A JSON web token could not be decoded');
}

function unauthorized(message: string): Refusal {
  return new Refusal(401, message);
}

function decode(part: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}
