import { createPrivateKey, sign } from 'node:crypto';
import { type Clock, sleepFor } from '../../clock.ts';
import { DaemonError } from '../../errors.ts';
import { SharedRequest } from './shared-request.ts';

export interface AppAuth {
  appId: number;
  /** PEM. */
  privateKey: string;
  installationId: number;
}

/** A token of the App's installation, as GitHub returned it. */
export interface InstallationToken {
  token: string;
  /** Milliseconds for which GitHub accepts it. */
  lifetime: number;
}

/**
 * GitHub accepts a signature at most ten minutes ahead of its clock; a signature dated half a minute ago is
 * not ahead.
 */
const SIGNED_AGO_S = 30;
const SIGNATURE_LIFE_S = 600;
/** A token is not used in the last minute of its life. */
const TOKEN_RESERVE_MS = 60_000;
/** Milliseconds until all of GitHub's machines know a new token; until then some refuse it. */
const TOKEN_SETTLES_MS = 5_000;
const REFUSED_PAUSE_MS = 1_000;

/**
 * A request that GitHub refused with 401; `date` (epoch ms) is GitHub's clock, NaN when the response has no
 * date.
 */
export interface RefusedRequest {
  path: string;
  date: number;
  signal: AbortSignal | undefined;
  /** The request was already repeated with a new credential. */
  isRenewed: boolean;
}

/**
 * An App and its installation: two credentials, each with a budget of its own at GitHub. Requests below
 * `/app` are signed with the App's key; all others use a token of the installation.
 */
export class AppCredential {
  readonly #auth: AppAuth;
  readonly #clock: Clock;
  readonly #request: SharedRequest<InstallationToken>;
  #token: { value: string; madeAt: number; until: number } | null = null;
  /**
   * Milliseconds by which GitHub's clock is ahead of ours; set once GitHub refused a signature because of its
   * time.
   */
  #ahead = 0;

  /** `requestToken` asks GitHub for a new token; many calls may wait for one request. */
  constructor(
    auth: AppAuth,
    clock: Clock,
    requestToken: (signal: AbortSignal) => Promise<InstallationToken>,
  ) {
    this.#auth = auth;
    this.#clock = clock;
    this.#request = new SharedRequest(requestToken);
  }

  /**
   * The `Authorization` header of a request. Rejects with the signal's reason, or with the reason why there
   * is not a token.
   */
  async authorization(path: string, signal: AbortSignal | undefined): Promise<string> {
    if (isOfApp(path)) return `bearer ${this.#signature()}`;
    if (!this.#token || this.#clock.now() >= this.#token.until) await this.#renew(signal);
    return `token ${this.#token?.value}`;
  }

  /** Waits until a new token is known everywhere, or gets another one in place of a revoked one. */
  async refused({
    path,
    date,
    signal,
    isRenewed,
  }: RefusedRequest): Promise<'settling' | 'renewed' | 'unchanged'> {
    const now = this.#clock.now();
    if (isOfApp(path)) {
      const ahead = date - now;
      if (isRenewed || !(Math.abs(ahead - this.#ahead) > SIGNED_AGO_S * 1000)) return 'unchanged';
      this.#ahead = ahead;
      return 'renewed';
    }
    if (this.#token && now - this.#token.madeAt < TOKEN_SETTLES_MS) {
      await sleepFor(this.#clock, REFUSED_PAUSE_MS, signal);
      return 'settling';
    }
    if (isRenewed) return 'unchanged';
    await this.#renew(signal);
    return 'renewed';
  }

  async #renew(signal: AbortSignal | undefined): Promise<void> {
    const { token, lifetime } = await this.#request.wait(signal);
    // Another call already replaced the token.
    if (token === this.#token?.value) return;
    const madeAt = this.#clock.now();
    this.#token = { value: token, madeAt, until: madeAt + lifetime - TOKEN_RESERVE_MS };
  }

  #signature(): string {
    const issuedAt = Math.floor((this.#clock.now() + this.#ahead) / 1000) - SIGNED_AGO_S;
    const claims = { iat: issuedAt, exp: issuedAt + SIGNATURE_LIFE_S, iss: this.#auth.appId };
    const text = `${encoded({ alg: 'RS256', typ: 'JWT' })}.${encoded(claims)}`;
    try {
      const key = createPrivateKey(this.#auth.privateKey.replaceAll('\\n', '\n'));
      return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
    } catch {
      // Node's own error may quote the key.
      throw new DaemonError(
        'GITHUB_CREDENTIALS_REFUSED',
        "No request can be sent to GitHub, because the App's private key cannot be read: name the PEM file that GitHub created for the App in github.app_private_key_path.",
      );
    }
  }
}

/** Returns whether the App itself, not its installation, makes requests for a path. */
export function isOfApp(path: string): boolean {
  return path === '/app' || path.startsWith('/app/');
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
