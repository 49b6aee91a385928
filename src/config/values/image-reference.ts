import { z } from 'zod';
import type { Kind } from '../key.ts';

const REGISTRY = '(?:localhost|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::\\d{1,5})?';
const NAME = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const REFERENCE = new RegExp(
  `^(?:${REGISTRY}/)?${NAME}(?:/${NAME})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$`,
);
const MAX_BYTES = 1024;

/**
 * Says why the agent would not accept a text as an OCI reference, and how to fix it; null when it would. The
 * agent alone decides whether the image exists, and which registry is used when none is named.
 */
export function imageReferenceProblem(reference: string): string | null {
  if (/^[a-z]+:\/\//i.test(reference))
    return 'An image reference has no scheme: leave out what ends in "://".';
  if (Buffer.byteLength(reference) > MAX_BYTES) return 'The agent takes at most 1024 bytes.';
  if (REFERENCE.test(reference)) return null;
  return REFERENCE.test(reference.toLowerCase())
    ? 'Registry and repository are written in lower case.'
    : 'Write registry/repository:tag or registry/repository@sha256:…, such as ghcr.io/jeballto/macos-ci:latest.';
}

const schema = z
  .string({
    error: ({ input }) => (input === undefined ? undefined : 'takes the reference of an image, as one text.'),
  })
  .superRefine((reference, ctx) => {
    const problem = imageReferenceProblem(reference);
    if (problem) ctx.addIssue(`"${reference}" is not an image reference. ${problem}`);
  });

export const imageReference: Kind<typeof schema> = { schema, type: 'image reference', form: 'text' };
