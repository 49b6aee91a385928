import type { Kind } from '../journal/attention/attention.js';

/** Somebody who is told. */
export interface Receiver {
  name: string;
  form: 'webhook' | 'slack';
  /** A secret. */
  url: string;
  fetch: typeof fetch;
  /** What it is told of. */
  on: readonly Kind[];
  /** Milliseconds for which the oldest job of a profile may wait before that is told. */
  oldestWait: number;
}
