export type PayloadEncoding = 'json' | 'form';

/** Null for a content type that GitHub does not send. */
export function encodingOf(contentType: string | undefined): PayloadEncoding | null {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/json') return 'json';
  return type === 'application/x-www-form-urlencoded' ? 'form' : null;
}

/**
 * The bytes as text from which the same bytes come back: a BOM is kept, and what is no UTF-8 is null, so that a
 * signature over the text is one over the bytes.
 */
export function losslessText(bytes: ArrayBuffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** The payload, or undefined when it is not JSON. Only for a body whose signature was verified. */
export function parsePayload(text: string, encoding: PayloadEncoding): unknown {
  try {
    return JSON.parse(encoding === 'json' ? text : (new URLSearchParams(text).get('payload') ?? ''));
  } catch {
    return undefined;
  }
}
