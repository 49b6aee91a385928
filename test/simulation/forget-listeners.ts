import { channel } from 'node:diagnostics_channel';

/**
 * Takes the listeners of outgoing calls away. A process that dies takes its own along; lives that share a process
 * would each hear all later ones' calls, and be kept by that, until a thousand runs are slower than ten times a hundred.
 * Node tells nobody who listens, so this reads the list that it keeps.
 */
export function forgetListeners(): void {
  for (const name of ['jeballto-runner:call:begin', 'jeballto-runner:call:end']) {
    const open = channel(name) as ReturnType<typeof channel> & {
      _subscribers?: Parameters<typeof open.unsubscribe>[0][];
    };
    for (const listener of [...(open._subscribers ?? [])]) open.unsubscribe(listener);
  }
}
