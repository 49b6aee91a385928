import cliTruncate from 'cli-truncate';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/**
 * Text from GitHub or an agent without control characters: a job's name must not be able to move the cursor
 * or to change the title of the window.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\u{fffd}');
}

/** Returns the text in at most `columns` columns; what does not fit is replaced by an ellipsis. */
export function cut(text: string, columns: number): string {
  return cliTruncate(text, columns);
}

/**
 * Returns the text in lines of at most `columns` columns, broken between words, each after `indent`; null does not
 * break.
 */
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
