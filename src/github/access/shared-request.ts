interface Pending<T> {
  result: Promise<T>;
  waiting: number;
  stop: AbortController;
}

/**
 * One request for all callers that need its result while it is under way. Each may stop waiting; when no
 * caller waits any more, the request is aborted, and the next caller begins another.
 */
export class SharedRequest<T> {
  readonly #send: (signal: AbortSignal) => Promise<T>;
  #pending: Pending<T> | null = null;

  constructor(send: (signal: AbortSignal) => Promise<T>) {
    this.#send = send;
  }

  /** Rejects with the signal's reason as soon as it aborts. */
  async wait(signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted();
    const pending = this.#pending ?? this.#begin();
    pending.waiting += 1;
    try {
      return await unlessAborted(pending.result, signal);
    } finally {
      pending.waiting -= 1;
      if (pending.waiting === 0) {
        if (this.#pending === pending) this.#pending = null;
        pending.stop.abort();
      }
    }
  }

  #begin(): Pending<T> {
    const stop = new AbortController();
    const pending = { result: this.#send(stop.signal), waiting: 0, stop };
    this.#pending = pending;
    const over = () => {
      if (this.#pending === pending) this.#pending = null;
    };
    pending.result.then(over, over);
    return pending;
  }
}

function unlessAborted<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return result;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
