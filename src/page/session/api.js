/** Milliseconds before the stream is asked for again; grows with each failure up to the longest. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

/** The daemon wants its admin token. */
export class TokenWanted extends Error {}

/** Speaks with the daemon that served this page. The token lives in this tab only. */
export class Api {
  get #headers() {
    const token = sessionStorage.getItem('token');
    return token ? { authorization: `Bearer ${token}` } : {};
  }

  keepToken(token) {
    sessionStorage.setItem('token', token);
  }

  async get(path) {
    return read(await ask(path, { headers: this.#headers }));
  }

  /** `by` goes into the journal. */
  async order(path, by) {
    const headers = { ...this.#headers, 'x-operator': encodeURIComponent(by) };
    return read(await ask(path, { method: 'POST', headers }));
  }

  /**
   * Follows the journal from after an entry on, for ever, and goes on after each interruption where it was: not by
   * EventSource, which cannot send the token.
   */
  async follow(after, { onEntry, onReset, onState }) {
    let last = after;
    let pause = FIRST_PAUSE;
    for (;;) {
      try {
        const headers = { ...this.#headers, 'last-event-id': String(last) };
        const response = await fetch('/api/events', { headers });
        if (!response.ok) throw new Error(`status ${response.status}`);
        onState('live');
        pause = FIRST_PAUSE;
        for await (const { event, data } of eventsOf(response.body)) {
          if (event === 'reset') return onReset();
          if (event !== 'entry') continue;
          const entry = JSON.parse(data);
          last = entry.seq;
          onEntry(entry);
        }
      } catch {
        // The next try says whether it is over.
      }
      onState('lost');
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(LONGEST_PAUSE, pause * 2);
    }
  }
}

/** What a browser says of a connection that it does not get helps nobody. */
async function ask(path, options) {
  try {
    return await fetch(path, options);
  } catch {
    throw new Error('The daemon does not answer.');
  }
}

async function read(response) {
  const answer = await response.json().catch(() => ({ message: `The daemon answered ${response.status}.` }));
  if (response.status === 401) throw new TokenWanted(answer.message);
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split('\n\n');
    rest = parts.pop();
    for (const part of parts) {
      const fields = part.split('\n').map((line) => /^(\w+): ?(.*)$/.exec(line) ?? []);
      const of = (name) => fields.filter(([, key]) => key === name).map(([, , text]) => text);
      yield { event: of('event')[0], data: of('data').join('\n') };
    }
  }
}
