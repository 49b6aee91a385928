import { confirm, isCancel, log, password, select, spinner, text } from '@clack/prompts';
import { ConfigError } from '../../config/config-error.ts';
import { DaemonError } from '../../errors.ts';
import { ExitCode, type Terminal, UsageError } from '../command.ts';
import { printable } from '../terminal/terminal-text.ts';

/** The person ended the questions. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

export interface Question<Value> {
  /** The flag that gives the answer on the command line: `--agent-url`. */
  flag: string;
  message: string;
  /** The answer that came with the flag. */
  given: string | undefined;
  /** Used when no other answer is given. */
  fallback?: string | undefined;
  /** What is typed is not shown, and neither is the fallback. */
  secret?: boolean;
  /** To choose from; another answer can be typed. */
  choices?: readonly string[];
  /** Returns what the answer means and what was found; throws an error whose message is for people. */
  check(answer: string): Promise<{ value: Value; found: string }>;
}

const ANOTHER = 'another';
const NOTHING_WRITTEN = 'Nothing was written.';

/**
 * Asks the questions of `init` and checks each answer at once. A question whose flag is given is not asked. At a
 * terminal, a wrong answer is explained and asked for again; without a terminal it ends the command, and so
 * does a missing answer.
 */
export class Questions {
  readonly #terminal: Terminal;
  readonly isLive: boolean;
  /** What a person was warned of so far. */
  readonly warnings: string[] = [];

  constructor(terminal: Terminal, isLive: boolean) {
    this.#terminal = terminal;
    this.isLive = isLive;
  }

  async ask<Value>(question: Question<Value>): Promise<Value> {
    for (let answer = question.given; ; answer = undefined) {
      answer ??= this.isLive ? await typed(question) : question.fallback;
      if (answer === undefined) {
        throw new UsageError(`${question.flag} is missing: without a terminal each question needs its flag.`);
      }
      try {
        const { value, found } = await this.#checked(question, answer);
        this.say(found);
        return value;
      } catch (error) {
        if (!isForPeople(error)) throw error;
        if (!this.isLive) throw error instanceof UsageError ? flagged(question.flag, error) : error;
        log.error(printable(error.message));
      }
    }
  }

  /** Without a terminal, what the flag says, or no. */
  async confirm(message: string, given: boolean | undefined): Promise<boolean> {
    if (given !== undefined || !this.isLive) return given ?? false;
    return kept(await confirm({ message, initialValue: false }));
  }

  say(found: string): void {
    if (found === '') return;
    if (this.isLive) log.success(printable(found));
    else this.#terminal.out(`✓ ${printable(found)}`);
  }

  warn(message: string): void {
    this.warnings.push(message);
    if (this.isLive) log.warn(printable(message));
    else this.#terminal.out(`! ${printable(message)}`);
  }

  async #checked<Value>({ check }: Question<Value>, answer: string) {
    if (!this.isLive) return check(answer);
    const waiting = spinner({ indicator: 'timer' });
    // At Ctrl-C the spinner ends the process with status 0 and without a word.
    const onExit = () => {
      process.exitCode = ExitCode.failed;
      this.#terminal.out(NOTHING_WRITTEN);
    };
    process.once('exit', onExit);
    waiting.start('Checking');
    try {
      return await check(answer);
    } finally {
      waiting.clear();
      process.off('exit', onExit);
    }
  }
}

async function typed(question: Question<unknown>): Promise<string> {
  const { message, fallback, secret, choices = [] } = question;
  const isNeeded = (value: string | undefined) => (value || fallback ? undefined : 'An answer is needed.');
  if (secret) {
    const hint = fallback === undefined ? '' : ' (Enter keeps the present one)';
    return kept(await password({ message: `${message}${hint}`, validate: isNeeded })) || (fallback ?? '');
  }
  if (choices.length > 0) {
    const options = [
      ...choices.map((value) => ({ value, label: value })),
      { value: ANOTHER, label: 'Another' },
    ];
    const chosen = kept(await select({ message, options, ...(fallback && { initialValue: fallback }) }));
    if (chosen !== ANOTHER) return chosen;
  }
  const offered = fallback === undefined ? {} : { placeholder: fallback, defaultValue: fallback };
  return kept(await text({ message, ...offered, validate: isNeeded }));
}

function kept<Value>(answer: Value): Exclude<Value, symbol> {
  if (isCancel(answer)) throw new Cancelled(NOTHING_WRITTEN);
  return answer as Exclude<Value, symbol>;
}

function isForPeople(error: unknown): error is Error {
  return error instanceof UsageError || error instanceof DaemonError || error instanceof ConfigError;
}

function flagged(flag: string, { message }: UsageError): UsageError {
  return new UsageError(`${flag}: ${message}`);
}
