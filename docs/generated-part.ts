const END = '<!-- End of what is generated. -->';

/**
 * A page with the part between its markers made anew and the prose around it kept. `source` is what the part is
 * made from, in the words of the first marker. Throws when the page has lost its markers.
 */
export function withGeneratedPart(page: string, source: string, part: string): string {
  const begin = `<!-- Generated from ${source} by \`npm run docs\`: do not edit below. -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(END, from);
  if (from < 0 || to < 0) throw new Error(`the page has lost its markers: ${begin} and ${END}`);
  return `${page.slice(0, from)}${begin}\n\n${part}\n\n${page.slice(to)}`;
}
