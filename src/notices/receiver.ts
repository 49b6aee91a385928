import type { Kind } from '../journal/attention/item.ts';

/** One receiver of notifications, as the config names it. */
export interface Receiver {
  name: string;
  form: 'webhook' | 'slack';
  /** A secret. */
  url: string;
  fetch: typeof fetch;
  /** The kinds that it is told. */
  on: readonly Kind[];
  /** Milliseconds that the oldest job of a profile may wait before that is told. */
  oldestWait: number;
}
