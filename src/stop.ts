import { setMaxListeners } from 'node:events';

/**
 * Ends a part of the daemon for good. Everything under way in that part listens to it, which may be far more
 * than the ten listeners from which Node warns of a leak; each stops listening when it is done.
 */
export class Stop extends AbortController {
  constructor() {
    super();
    setMaxListeners(0, this.signal);
  }
}
