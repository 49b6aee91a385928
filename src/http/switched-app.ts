import { Hono } from 'hono';

/** What a request gets whose app is gone. */
const SWITCHED = { message: 'The role of this controller has just changed: send the request again.' };

/** An app that can be replaced while its listener stays: a controller serves other things when its role changes. */
export class SwitchedApp {
  /** For the listener. */
  readonly app = new Hono();
  #current: { app: Hono; underWay: Set<AbortController> };

  constructor(first: Hono) {
    this.#current = { app: first, underWay: new Set() };
    this.app.all('*', (c) => this.#answer(c.req.raw, c.env));
  }

  /**
   * New requests get the other app. The function that it returns ends the requests that the earlier one has still
   * under way, streams too.
   */
  switchTo(app: Hono): () => void {
    const { underWay } = this.#current;
    this.#current = { app, underWay: new Set() };
    return () => {
      for (const one of [...underWay]) one.abort();
    };
  }

  async #answer(request: Request, env: unknown): Promise<Response> {
    const { app, underWay } = this.#current;
    const end = new AbortController();
    underWay.add(end);
    const ended = new Promise<Response>((resolve) => {
      end.signal.addEventListener('abort', () => resolve(Response.json(SWITCHED, { status: 503 })), {
        once: true,
      });
    });
    const response = await Promise.race([app.fetch(request, env as object), ended]);
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
    if (!isStream || !response.body) {
      underWay.delete(end);
      return response;
    }
    const through = new TransformStream({ flush: () => void underWay.delete(end) });
    void response.body.pipeTo(through.writable, { signal: end.signal }).catch(() => underWay.delete(end));
    return new Response(through.readable, response);
  }
}
