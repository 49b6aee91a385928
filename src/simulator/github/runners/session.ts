import type { Alarm } from '../alarms.ts';
import { Refusal } from '../refusal.ts';
import type { Runner, Runners } from './runners.ts';

export interface RunnerMessage {
  readonly kind: 'job' | 'cancel';
  readonly jobId: number;
}

/** How a session ended: by the runner itself, by its silence, or because the runner was removed. */
export type SessionEnd = 'closed' | 'expired' | 'removed';

/** The runners that are online. */
export interface Sessions extends Runners {
  /** By the runner's id: each runner has at most one session. */
  readonly sessions: Map<number, Session>;
}

/**
 * The messages for one connected runner. They are kept until the runner asks for them; a message that was
 * lost with a broken connection is not repeated.
 */
export class Session {
  readonly id: string;
  readonly runner: Runner;
  /** Ends the session when the runner is silent. */
  silence: Alarm | null = null;
  private readonly onEnd: (end: SessionEnd) => void;
  private end: SessionEnd | null = null;
  private messages: RunnerMessage[] = [];
  private readonly readers = new Set<() => void>();

  constructor(id: string, runner: Runner, onEnd: (end: SessionEnd) => void) {
    this.id = id;
    this.runner = runner;
    this.onEnd = onEnd;
  }

  push(message: RunnerMessage): void {
    this.messages.push(message);
    this.wake();
  }

  /** Takes back the messages on this job that the runner has not read yet. */
  withdraw(jobId: number): void {
    this.messages = this.messages.filter((message) => message.jobId !== jobId);
  }

  close(end: SessionEnd): void {
    if (this.end !== null) return;
    this.end = end;
    this.silence?.cancel();
    this.onEnd(end);
    this.wake();
  }

  /** The next message, or null when `signal` aborts first. Throws a Refusal once the session has ended. */
  async next(signal: AbortSignal): Promise<RunnerMessage | null> {
    while (!signal.aborted) {
      this.throwIfEnded();
      const message = this.messages.shift();
      if (message) return message;
      await this.something(signal);
    }
    this.throwIfEnded();
    return null;
  }

  throwIfEnded(): void {
    if (this.end === null) return;
    if (this.end === 'removed') throw noSuchRunner();
    throw new Refusal(401, `Session ${this.id} has ended.`, { kind: 'TaskAgentSessionExpiredException' });
  }

  private something(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.readers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.readers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  private wake(): void {
    for (const wake of this.readers) wake();
  }
}

export function noSuchRunner(): Refusal {
  return new Refusal(404, 'The runner is not registered.', { kind: 'RunnerNotFoundException' });
}
