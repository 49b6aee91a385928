/** The text of a delivery exactly as it was signed, and the encoding of the JSON in it. */
export interface DeliveryBody {
  text: string;
  encoding: 'json' | 'form';
}

/**
 * The bytes as text from which the same bytes come back: a BOM is kept, and what is no UTF-8 is null, so that a
 * signature over the text is one over the bytes.
 */
export function losslessText(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Null for a content type that GitHub does not send. */
export function encodingOf(contentType: string | undefined): DeliveryBody['encoding'] | null {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/json') return 'json';
  return type === 'application/x-www-form-urlencoded' ? 'form' : null;
}

/** The payload, or undefined when it is not JSON. Only for a body whose signature was verified. */
export function parsePayload({ text, encoding }: DeliveryBody): unknown {
  try {
    return JSON.parse(encoding === 'json' ? text : (new URLSearchParams(text).get('payload') ?? ''));
  } catch {
    return undefined;
  }
}
