import type { Engine } from './engine.ts';
import { StoreError } from './store-error.ts';

/**
 * Grows when an older daemon could misread what a newer one has written, in any table. The lease of a database has it,
 * too: an older daemon never takes the lease of a newer one.
 */
export const FORMAT = 1;

const KEY = 'format';

/**
 * The mark of a store is the number of its format. While it is moved it is a JSON text in place of that number,
 * so that versions that know nothing of moves refuse the store, too.
 */
const MOVED = 'moved to ';
const IMPORTING = 'being imported from ';

export type StoreState =
  /** It was never used. */
  | { is: 'new' }
  | { is: 'usable' }
  | { is: 'moved'; to: string }
  /** What it has is not complete. */
  | { is: 'importing'; from: string }
  /** This version cannot use it; the reason completes "it …". */
  | { is: 'foreign'; why: string };

export async function stateOf(engine: Pick<Engine, 'getMany'>): Promise<StoreState> {
  const [mark] = await engine.getMany('meta', [KEY]);
  if (mark === undefined) return { is: 'new' };
  if (Number(mark) === FORMAT) return { is: 'usable' };
  if (Number(mark) > FORMAT) {
    return {
      is: 'foreign',
      why: `was written by a newer version (format ${mark}, and this one knows ${FORMAT})`,
    };
  }
  const text = /^".*"$/.test(mark) ? String(JSON.parse(mark)) : '';
  if (text.startsWith(MOVED)) return { is: 'moved', to: text.slice(MOVED.length) };
  if (text.startsWith(IMPORTING)) return { is: 'importing', from: text.slice(IMPORTING.length) };
  return {
    is: 'foreign',
    why: `has the format ${JSON.stringify(mark)}, which no version of jeballto-runner writes`,
  };
}

export function markUsable(engine: Engine): Promise<void> {
  return mark(engine, String(FORMAT));
}

/** No daemon starts with the store from now on. */
export function markMoved(engine: Engine, to: string): Promise<void> {
  return mark(engine, JSON.stringify(`${MOVED}${to}`));
}

/** No daemon starts with the store until everything is there. */
export function markImporting(engine: Engine, from: string): Promise<void> {
  return mark(engine, JSON.stringify(`${IMPORTING}${from}`));
}

function mark(engine: Engine, value: string): Promise<void> {
  return engine.write([{ type: 'put', table: 'meta', key: KEY, value }]);
}

/**
 * Makes sure that this version can use the store, and marks a new one as ours. Throws a StoreError, whose message
 * completes "The store cannot be used: …".
 */
export async function confirmFormat(engine: Engine): Promise<void> {
  const state = await stateOf(engine);
  if (state.is === 'new') await markUsable(engine);
  const problem = problemOf(state);
  if (problem !== null) throw new StoreError(problem);
}

/** Why a daemon cannot use the store, and what to do; null when it can. */
export function problemOf(state: StoreState): string | null {
  switch (state.is) {
    case 'moved':
      return `it was moved to ${state.to}, and its records go on there. Name that one in the config (store.path or store.url).`;
    case 'importing':
      return `it is not complete, since "jeballto-runner store import" from ${state.from} has not ended. Run that command again.`;
    case 'foreign':
      return `it ${state.why}. Run the version that wrote it, or give this daemon a store of its own.`;
    default:
      return null;
  }
}
