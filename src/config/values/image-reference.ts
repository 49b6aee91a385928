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
    return 'An image reference has no scheme: remove the part that ends in "://".';
  if (Buffer.byteLength(reference) > MAX_BYTES) return 'The agent accepts at most 1024 bytes: shorten it.';
  if (REFERENCE.test(reference)) return null;
  return REFERENCE.test(reference.toLowerCase())
    ? 'Write registry and repository in lower case.'
    : 'Write registry/repository:tag or registry/repository@sha256:…, such as ghcr.io/jeballto/macos-ci:latest.';
}

const schema = z
  .string({
    error: ({ input }) =>
      input === undefined
        ? undefined
        : 'must be one image reference, such as ghcr.io/jeballto/macos-ci:latest.',
  })
  .superRefine((reference, ctx) => {
    const problem = imageReferenceProblem(reference);
    if (problem) ctx.addIssue(`"${reference}" is not an image reference. ${problem}`);
  });

export const imageReference: Kind<typeof schema> = { schema, type: 'image reference', form: 'text' };
