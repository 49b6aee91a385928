/** Characters of a name that are kept. */
const LONGEST = 60;

/** `UTF-8''%C5%81ukasz`: how RFC 8187 (section 3.2) writes a text that a header cannot hold as it is. */
const EXTENDED = /^UTF-8'[^']*'((?:[\w!#$&+.^`|~-]|%[\da-f]{2})*)$/i;

/**
 * Returns the name that an operator gives in `X-Operator`, for the journal; it is not verified. A value in the form of
 * RFC 8187 is decoded. Every other value is text as it is, with its bytes read as UTF-8, so `100%25` stays `100%25`.
 * Control characters are removed.
 */
export function operatorOf(header: string | undefined): string {
  const text = textOf(header ?? '')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .trim();
  return [...text].slice(0, LONGEST).join('') || 'an operator';
}

function textOf(value: string): string {
  const [, encoded] = EXTENDED.exec(value) ?? [];
  try {
    if (encoded !== undefined) return decodeURIComponent(encoded);
  } catch {
    // The bytes are not UTF-8.
  }
  // Node gives each byte of a header as one character.
  return Buffer.from(value, 'latin1').toString('utf8');
}
