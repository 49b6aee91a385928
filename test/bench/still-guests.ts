import type { EffectWorld } from '../../src/effects/effect-world.ts';

/** Guests that accept every login and in which no command ever ends. */
export function stillGuests(onLogin: () => void): EffectWorld['openGuest'] {
  return async ({ hostKey }) => {
    onLogin();
    return {
      hostKey: hostKey ?? 'the key of a guest of the bench',
      run: (_script, { signal } = {}) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        }),
      isOpen: () => true,
      close: () => undefined,
    };
  };
}
