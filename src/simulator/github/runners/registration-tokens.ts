import type { GitHubBase } from '../github-base.ts';
import { isSameScope, type Scope } from './runners.ts';

/** A secret with which any number of runners can be registered or removed for an hour. */
export interface RegistrationToken {
  readonly token: string;
  readonly scope: Scope;
  readonly purpose: 'registration' | 'remove';
  readonly expiresAt: number;
}

export interface RegistrationTokens extends GitHubBase {
  readonly registrationTokens: Map<string, RegistrationToken>;
}

export function newRegistrationToken(
  world: RegistrationTokens,
  scope: Scope,
  purpose: RegistrationToken['purpose'],
): RegistrationToken {
  const expiresAt = world.clock.now() + world.options.timings.registrationToken;
  const token = { token: `A${world.ids.secret(28).toUpperCase()}`, scope, purpose, expiresAt };
  world.registrationTokens.set(token.token, token);
  return token;
}

/** Returns whether the token may register runners in this scope now. */
export function mayRegister(world: RegistrationTokens, token: string, scope: Scope): boolean {
  const found = world.registrationTokens.get(token);
  return (
    found?.purpose === 'registration' &&
    world.clock.now() < found.expiresAt &&
    isSameScope(found.scope, scope)
  );
}
