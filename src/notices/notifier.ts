import type { Logger } from 'pino';
import { type Clock, sleepFor } from '../clock.ts';
import type { Item } from '../journal/attention/attention.js';
import { redactForeign } from '../redact.ts';
import { Stop } from '../stop.ts';
import type { Store } from '../store/store.ts';
import type { StoredNotice } from '../store/tables/notices.ts';
import { afterTold, boardChanges, isPending } from './board-changes.ts';
import { messageOf } from './message.ts';
import { mayBeSentAt, recent, retryPause } from './pace.ts';
import { postMessage } from './post-message.ts';
import type { Receiver } from './receiver.ts';

/**
 * Milliseconds for which a message waits until its notices are stored. Then it is sent anyway: that the store refuses
 * writes is one of the problems to tell.
 */
const DISK_PATIENCE = 2_000;

export interface NotifierOptions {
  receiver: Receiver;
  controller: string;
  secrets: readonly string[];
  store: Pick<Store, 'notices' | 'durable'>;
  clock: Clock;
  log: Logger;
}

/**
 * Tells one receiver what begins to need attention and what is over, at least once: after a crash between sending a
 * message and storing that it was sent, the message is sent again with the same ids. Sends one message at a time, and
 * delays no other receiver.
 */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #stopped = new Stop();
  #fresh: ReadonlyMap<string, number> = new Map();
  /** Epoch ms since when something is pending; null when nothing is. */
  #waitingSince: number | null = null;
  #sentAt: readonly number[] = [];
  #retryAt = 0;
  #failuresInRow = 0;
  #sending: Promise<void> | null = null;
  readonly #counts = { sent: 0, failed: 0 };

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  get receiver(): Receiver {
    return this.#options.receiver;
  }

  /** Figures since the start, and the number of notices that wait to be told. */
  view(): { name: string; pending: number; sent: number; failed: number } {
    return { name: this.receiver.name, pending: this.#pending().length, ...this.#counts };
  }

  /** Notes what needs attention now, and begins to send what is due. */
  look(items: readonly Item[]): void {
    const { receiver, store, clock, secrets } = this.#options;
    const now = clock.now();
    const wanted = items.filter(({ kind }) => receiver.on.includes(kind));
    const changes = boardChanges(store.notices.of(receiver.name), this.#fresh, wanted, now);
    this.#fresh = changes.fresh;
    for (const notice of changes.put) store.notices.put(receiver.name, withoutSecrets(notice, secrets));
    for (const key of changes.delete) store.notices.delete(receiver.name, key);
    this.#waitingSince = this.#pending().length === 0 ? null : (this.#waitingSince ?? now);
    if (this.#waitingSince === null || this.#sending !== null) return;
    if (now < Math.max(this.#retryAt, mayBeSentAt(this.#waitingSince, this.#sentAt, now))) return;
    this.#sending = this.#send().finally(() => {
      this.#sending = null;
    });
  }

  /** Ends the request under way; the next start tells what was not told. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#sending;
  }

  #pending(): StoredNotice[] {
    return [...this.#options.store.notices.of(this.receiver.name).values()].filter(isPending);
  }

  async #send(): Promise<void> {
    const { receiver, controller, clock, log } = this.#options;
    const { signal } = this.#stopped;
    await this.#onDisk();
    const pending = this.#pending();
    if (pending.length === 0 || signal.aborted) return;
    const posted = await postMessage(receiver, messageOf(pending, controller, clock.now()), clock, signal);
    if (signal.aborted && !posted.isSent) return;
    const now = clock.now();
    if (posted.isSent) {
      if (this.#failuresInRow > 0) log.info(`notifications reach ${receiver.name} again`);
      this.#failuresInRow = 0;
      this.#counts.sent += 1;
      this.#sentAt = [...recent(this.#sentAt, now), now];
      this.#waitingSince = null;
      for (const notice of pending) this.#note(notice);
      return;
    }
    this.#failuresInRow += 1;
    this.#counts.failed += 1;
    this.#retryAt = now + retryPause(this.#failuresInRow, posted);
    // Once for each outage: tries may go on for days.
    if (this.#failuresInRow === 1)
      log.warn(
        `a notification could not be sent to notify.${receiver.name}; it is tried again: ${posted.why}`,
      );
  }

  #note(told: StoredNotice): void {
    const { receiver, store, clock } = this.#options;
    const row = store.notices.of(receiver.name).get(told.key);
    if (!row) return;
    const rest = afterTold(told, row, clock.now());
    if (rest === null) store.notices.delete(receiver.name, row.key);
    else store.notices.put(receiver.name, rest);
  }

  async #onDisk(): Promise<void> {
    const { store, clock } = this.#options;
    const written = new AbortController();
    const late = sleepFor(clock, DISK_PATIENCE, written.signal).catch(() => undefined);
    await Promise.race([store.durable(), late]);
    written.abort();
  }
}

function withoutSecrets(notice: StoredNotice, secrets: readonly string[]): StoredNotice {
  const clean = (text: string) => redactForeign(text, secrets);
  const { what, sentence, whom, act } = notice;
  return { ...notice, what: clean(what), sentence: clean(sentence), whom: clean(whom), act: clean(act) };
}
