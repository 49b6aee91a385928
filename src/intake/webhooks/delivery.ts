import type { Context } from 'hono';
import type { RefusalReason } from './delivery-answers.ts';
import { encodingOf, type PayloadEncoding } from './delivery-payload.ts';

export interface DeliveryHead {
  /** The same when GitHub redelivers. */
  deliveryId: string;
  event: string;
  /** As the sender claims; proves nothing until verified. */
  signature: string;
  encoding: PayloadEncoding;
  /** Bytes of the body. */
  length: number;
}

/** GitHub sends nothing larger. */
const LARGEST_BODY = 25 * 1024 * 1024;

/** Judges a delivery before a byte of its body is read: what it wants of us and whether it may go on. */
export function readDeliveryHead(request: Context['req']): DeliveryHead | RefusalReason {
  const length = Number(request.header('content-length') ?? Number.NaN);
  if (!Number.isInteger(length)) return 'noLength';
  if (length > LARGEST_BODY) return 'tooLarge';
  const encoding = encodingOf(request.header('content-type'));
  if (encoding === null) return 'wrongType';
  const event = request.header('x-github-event') ?? '';
  const deliveryId = request.header('x-github-delivery') ?? '';
  if (!/^\w{1,100}$/.test(event) || !/^[\w-]{1,100}$/.test(deliveryId)) return 'noHeaders';
  const signature = request.header('x-hub-signature-256');
  return signature ? { deliveryId, event, signature, encoding, length } : 'unsigned';
}
