import cliTruncate from 'cli-truncate';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/**
 * Text from GitHub or an agent without control characters: a job's name must not be able to move the cursor or to
 * change the title of the window.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\u{fffd}');
}

/** The text in at most `columns` columns; what does not fit is replaced by an ellipsis. */
export function cut(text: string, columns: number): string {
  return cliTruncate(text, columns);
}

/** The text in lines of at most `columns` columns, broken between words, each after `indent`; null does not break. */
export function wrap(text: string, columns: number | null, indent = ''): string[] {
  if (columns === null) return [`${indent}${text}`];
  const width = Math.max(20, columns - stringWidth(indent));
  return wrapAnsi(text, width, { hard: true })
    .split('\n')
    .map((line) => `${indent}${line}`);
}

/** Rows as aligned columns, two spaces apart. The first row says how many columns there are. */
export function textTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => stringWidth(row[column] ?? ''))),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - stringWidth(cell))))
      .join('  ')
      .trimEnd(),
  );
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** A span of milliseconds in its two largest units: `45s`, `3m 20s`, `2d 4h`. */
export function shortSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const at = UNITS.findIndex(([, size]) => seconds >= size);
  if (at === -1) return '0s';
  const [[unit, size], next] = [UNITS[at] ?? UNITS[3], UNITS[at + 1]];
  const rest = next ? Math.floor((seconds % size) / next[1]) : 0;
  return `${Math.floor(seconds / size)}${unit}${next && rest > 0 ? ` ${rest}${next[0]}` : ''}`;
}
