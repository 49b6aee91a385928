/** Widths of letters in DejaVu Sans, the widest of the page's fonts, as parts of the font's size. */
const NARROW = /[ijl.,:'|! ]/;
const SLIM = /[frtI()[\]/-]/;
const BROAD = /[mwMWG@%+]/;
const WIDTHS = { narrow: 0.32, slim: 0.42, usual: 0.63, capital: 0.72, broad: 0.92 };
/** Bold letters are wider. */
const BOLD = 1.12;

/** Pixels that a text takes at most in the page's font; `size` in pixels. */
export function textWidth(text: string, size: number, weight: 'normal' | 'bold' = 'normal'): number {
  let parts = 0;
  for (const letter of text) parts += widthOf(letter);
  return Math.ceil(parts * size * (weight === 'bold' ? BOLD : 1));
}

function widthOf(letter: string): number {
  if (NARROW.test(letter)) return WIDTHS.narrow;
  if (SLIM.test(letter)) return WIDTHS.slim;
  if (BROAD.test(letter)) return WIDTHS.broad;
  return /[A-Z]/.test(letter) ? WIDTHS.capital : WIDTHS.usual;
}
