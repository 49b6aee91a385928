import { setMaxListeners } from 'node:events';

/**
 * Ends a part of the daemon for good. Everything that is under way there listens to it at once, which may be far more
 * than the ten from which Node warns of a leak; each stops listening when it is over.
 */
export class Stop extends AbortController {
  constructor() {
    super();
    setMaxListeners(0, this.signal);
  }
}
