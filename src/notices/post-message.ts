import { type Clock, withinTimeout } from '../clock.ts';
import { span } from '../format.js';
import { redactForeign } from '../redact.ts';
import type { Message } from './message.ts';
import type { Receiver } from './receiver.ts';
import { slackBody } from './slack-body.ts';
import { webhookBody } from './webhook-body.ts';

/** Milliseconds for the whole request. */
const DEADLINE = 10_000;
/** Characters of a refusal that are read, and those that are shown. */
const MOST_READ = 512;
const MOST_SHOWN = 120;

export type Posted =
  | { isSent: true }
  | {
      isSent: false;
      /** A sentence about the receiver, without any part of its URL. */
      why: string;
      /** Milliseconds that the receiver asks to wait before the next try; null when it asks for none. */
      retryAfter: number | null;
      /** It will probably refuse the next try, too. */
      isRefusal: boolean;
    };

/** Sends a message to a receiver, once. Never rejects. */
export async function postMessage(
  { form, url, fetch: send }: Receiver,
  message: Message,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Posted> {
  const body = JSON.stringify(form === 'slack' ? slackBody(message) : webhookBody(message));
  try {
    return await withinTimeout(
      clock,
      DEADLINE,
      async (limit) => {
        const headers = { 'content-type': 'application/json', 'user-agent': 'jeballto-runner' };
        const options = { method: 'POST', redirect: 'manual', headers, body, signal: limit } as const;
        return outcomeOf(await send(url, options), url, clock.now());
      },
      signal,
    );
  } catch (error) {
    // The message of the error may contain the URL.
    const { name, cause } = error as { name?: string; cause?: { code?: string } };
    const why =
      name === 'TimeoutError'
        ? `It did not answer within ${span(DEADLINE)}.`
        : `It cannot be reached (${cause?.code ?? name ?? 'unknown'}).`;
    return { isSent: false, why, retryAfter: null, isRefusal: false };
  }
}

async function outcomeOf(response: Response, url: string, now: number): Promise<Posted> {
  const { status, ok, headers } = response;
  const said = await beginningOf(response);
  if (ok) return { isSent: true };
  const isRedirect = status >= 300 && status < 400;
  const isBusy = status === 408 || status === 425 || status === 429;
  const shown = said === '' ? '' : `: ${redactForeign(said, partsOf(url)).slice(0, MOST_SHOWN)}`;
  return {
    isSent: false,
    why: isRedirect
      ? `It redirects to another address (status ${status}), which the daemon does not follow: write the final address in the config, and reload.`
      : `It returned status ${status}${shown}.`,
    retryAfter: retryAfterOf(headers.get('retry-after'), now),
    isRefusal: isRedirect || (status < 500 && !isBusy),
  };
}

/** What a receiver may repeat of its address, which is a secret: the longest first. */
function partsOf(url: string): string[] {
  const { pathname, search, searchParams } = new URL(url);
  return [url, pathname + search, pathname, ...pathname.split('/'), ...searchParams.values()];
}

/** The beginning of what it said, in one line; the rest is not read. It ends with a whole word, which can be masked. */
async function beginningOf({ body }: Response): Promise<string> {
  if (!body) return '';
  const reader = body.getReader();
  let text = '';
  const decoder = new TextDecoder();
  while (text.length < MOST_READ) {
    const { done, value } = await reader.read();
    if (done) return inOneLine(text);
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel().catch(() => undefined);
  return inOneLine(text.replace(/\S*$/, ''));
}

const inOneLine = (text: string) => text.replace(/[\p{C}\s]+/gu, ' ').trim();

/** Seconds or a date, as RFC 9110 has it. */
function retryAfterOf(text: string | null, now: number): number | null {
  if (text === null) return null;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}
