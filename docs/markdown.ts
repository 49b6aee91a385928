const END = '<!-- End of what is generated. -->';

/**
 * Replaces the part of a page between its markers and keeps the text around it. `source` is what the part is generated
 * from, as the first marker says it. Throws if a marker is missing.
 */
export function withGeneratedPart(page: string, source: string, part: string): string {
  const begin = `<!-- Generated from ${source} by \`npm run docs\`: do not edit below. -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(END, from);
  if (from < 0 || to < 0) throw new Error(`a page lacks its markers: ${begin} and ${END}`);
  return `${page.slice(0, from)}${begin}\n\n${part}\n\n${page.slice(to)}`;
}

/** Returns a table in Markdown; a `|` in a cell is escaped. */
export function markdownTable(columns: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Returns the anchor that GitHub gives a heading, as long as no earlier heading of the page has the same. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}
