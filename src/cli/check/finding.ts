import { printable } from '../terminal/terminal-text.ts';

/** One thing that `check` looked at. */
export interface Finding {
  /** What it is about: `config`, `host mac-1`, `github`, `store`, `ports`. */
  about: string;
  /** `wrong` prevents the daemon from serving jobs; a `note` is only worth knowing. */
  verdict: 'ok' | 'wrong' | 'note';
  /** What was found and, where something is wrong, what fixes it. */
  message: string;
}

const SIGNS = { ok: '✓', wrong: '✗', note: '!' };

/** Returns a finding as a line, with room for the longest `about`; a message may quote GitHub or an agent. */
export function findingLine({ about, verdict, message }: Finding, width: number): string {
  return `${SIGNS[verdict]} ${about.padEnd(width)}  ${printable(message)}`;
}

/** Returns functions that create findings about one thing. */
export function about(what: string) {
  const finding =
    (verdict: Finding['verdict']) =>
    (message: string): Finding => ({
      about: what,
      verdict,
      message,
    });
  return { ok: finding('ok'), wrong: finding('wrong'), note: finding('note') };
}

/**
 * Returns the message of an error that is meant for people. Throws any other error again, since it is a fault of this
 * program.
 */
export function sentenceOf(error: unknown): string {
  if (error instanceof Error && ['DaemonError', 'ConfigError', 'StoreError'].includes(error.name)) {
    return error.message;
  }
  throw error;
}
