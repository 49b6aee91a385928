import type { Context } from 'hono';
import { z } from 'zod';
import type { JobObservation } from '../../../machines/job/observation.ts';
import type { HookRef } from '../../../machines/webhooks.ts';
import { exactText, identifier } from '../../bounds.ts';
import { jobSchema, observeJob } from '../../github/observe-job.ts';
import type { RefusalReason } from './delivery-answers.ts';

export interface DeliveryHead {
  /** The id is the same when GitHub redelivers. */
  deliveryId: string;
  event: string;
  /** As the sender claims; it proves nothing until it is verified. */
  signature: string;
  encoding: PayloadEncoding;
  /**
   * Bytes of the body as the sender claims; null when the sender does not say, as behind a tunnel that sends
   * the body in chunks.
   */
  length: number | null;
}

/** Bytes; GitHub sends nothing larger. */
export const LARGEST_BODY = 25 * 1024 * 1024;

/** Checks a delivery before a byte of its body is read. Returns its head, or the reason to refuse it. */
export function readDeliveryHead(request: Context['req']): DeliveryHead | RefusalReason {
  const claimed = Number(request.header('content-length') ?? Number.NaN);
  const length = Number.isInteger(claimed) ? claimed : null;
  if (length !== null && length > LARGEST_BODY) return 'tooLarge';
  const encoding = encodingOf(request.header('content-type'));
  if (encoding === null) return 'wrongType';
  const event = request.header('x-github-event') ?? '';
  const deliveryId = request.header('x-github-delivery') ?? '';
  if (!/^\w{1,100}$/.test(event) || !/^[\w-]{1,100}$/.test(deliveryId)) return 'noHeaders';
  const signature = request.header('x-hub-signature-256');
  return signature ? { deliveryId, event, signature, encoding, length } : 'unsigned';
}

type PayloadEncoding = 'json' | 'form';

/** Null for a content type that GitHub does not send. */
function encodingOf(contentType: string | undefined): PayloadEncoding | null {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/json') return 'json';
  return type === 'application/x-www-form-urlencoded' ? 'form' : null;
}

/**
 * Returns the bytes as a text that encodes to the same bytes again: a BOM is kept, and bytes that are not UTF-8 give
 * null. So a signature over the text is one over the bytes.
 */
export function losslessText(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Returns the payload, or undefined when it is not JSON. Only for a body whose signature was verified. */
export function parsePayload(text: string, encoding: PayloadEncoding): unknown {
  try {
    return JSON.parse(encoding === 'json' ? text : (new URLSearchParams(text).get('payload') ?? ''));
  } catch {
    return undefined;
  }
}

/**
 * Returns the webhook that a genuine delivery came from, by its headers; null for one that the API cannot read (an
 * enterprise's).
 */
export function hookRefOf(
  header: (name: string) => string | undefined,
  { owner, repository }: { owner: string; repository: string },
): HookRef | null {
  const id = Number(header('x-github-hook-id') ?? Number.NaN);
  if (!Number.isSafeInteger(id) || id <= 0) return null;
  switch (header('x-github-hook-installation-target-type')) {
    case 'repository':
      return { kind: 'repository', owner, repository, id };
    case 'organization':
      return { kind: 'organization', owner, id };
    case 'integration':
      return { kind: 'app' };
    default:
      return null;
  }
}

const workflowJobSchema = z.object({
  workflow_job: jobSchema,
  repository: z.object({ name: exactText, owner: z.object({ login: exactText }) }),
});

/**
 * Returns the observation in a `workflow_job` delivery. Its `action` is not read: `queued` comes with the status
 * `waiting` when an environment has to be approved first. A returned string says which field is wrong, in words for
 * GitHub's delivery page.
 */
export function observeDelivery(payload: unknown, seenAt: number): JobObservation | string {
  const parsed = workflowJobSchema.safeParse(payload);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `${issue?.path.join('.') || 'the payload'}: ${issue?.message}`;
  }
  const { workflow_job: job, repository } = parsed.data;
  return observeJob(job, {
    source: 'webhook',
    seenAt,
    owner: repository.owner.login,
    repository: repository.name,
  });
}

const repositoryIdSchema = z.object({ repository: z.object({ id: identifier }) });

/** GitHub's id of the repository that a delivery is about; it stays when the repository is renamed. */
export function repositoryIdOf(payload: unknown): number | null {
  return repositoryIdSchema.safeParse(payload).data?.repository.id ?? null;
}
