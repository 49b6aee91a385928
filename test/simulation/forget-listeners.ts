import { channel } from 'node:diagnostics_channel';

/**
 * Removes the listeners of outgoing calls. When a process dies, its listeners are gone. Lives that share a
 * process would each receive all later ones' calls and stay in memory, until a thousand runs take more than
 * ten times as long as a hundred. Node has no API to list listeners, so this reads its internal list.
 */
export function forgetListeners(): void {
  for (const name of ['jeballto-runner:call:begin', 'jeballto-runner:call:end']) {
    const open = channel(name) as ReturnType<typeof channel> & {
      _subscribers?: Parameters<typeof open.unsubscribe>[0][];
    };
    for (const listener of [...(open._subscribers ?? [])]) open.unsubscribe(listener);
  }
}
