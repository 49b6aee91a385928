import { emitKeypressEvents } from 'node:readline';

interface Key {
  name?: string;
  ctrl?: boolean;
}

/**
 * Calls `press` with each key that is pressed in the terminal. Ctrl-C, which is an ordinary key while single keys are
 * read, is passed on as the signal. Returns a function that gives the terminal back; does nothing where there is none.
 */
export function readKeys(press: (key: string) => void): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => undefined;
  const onKey = (_: string | undefined, { name = '', ctrl }: Key) => {
    if (ctrl && name === 'c') process.emit('SIGINT', 'SIGINT');
    else if (!ctrl) press(name);
  };
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdin.on('keypress', onKey);
  stdin.resume();
  return () => {
    stdin.off('keypress', onKey);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
