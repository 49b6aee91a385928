import { type AnyStateNode, getStateNodes } from 'xstate';
import { z } from 'zod';
import { BLAMES, DISPOSITIONS, FAILURE_CODES, type FailureCode } from '../../machines/failure.ts';
import { JOB_STATUSES, type JobContext } from '../../machines/job/context.ts';
import type { JobMachine, JobSnapshot } from '../../machines/job.ts';

const failure = z.object({
  code: z.enum(FAILURE_CODES as [FailureCode, ...FailureCode[]]),
  blame: z.enum(BLAMES),
  disposition: z.enum(DISPOSITIONS),
  message: z.string(),
  retryAt: z.number().nullable(),
});
const retry = { tries: z.number(), nextTryAt: z.number(), lastFailure: failure.nullable() };
const address = z.object({ host: z.string(), port: z.number() });

/** A field that a later version adds has a default here: a record written before is revived with that. */
const contextSchema = z.object({
  job: z.object({
    id: z.number(),
    runId: z.number(),
    runAttempt: z.number(),
    owner: z.string(),
    repository: z.string(),
    workflow: z.string(),
    name: z.string(),
    url: z.string(),
    labels: z.array(z.string()),
    profile: z.string(),
    status: z.enum(JOB_STATUSES),
    conclusion: z.string().nullable(),
    queuedAt: z.number(),
    namesTaken: z.number(),
    attemptsFailed: z.number(),
    notBefore: z.number(),
  }),
  vm: z
    .object({
      name: z.string(),
      host: z.string(),
      profile: z.string(),
      id: z.string().nullable(),
      address: address.nullable(),
      hostKey: z.string().nullable(),
      runnerVersion: z.string().nullable(),
      expiresAt: z.number().nullable(),
      mayAppearUntil: z.number(),
    })
    .nullable(),
  runner: z
    .object({
      name: z.string(),
      id: z.number().nullable(),
      mode: z.enum(['jit', 'token']).nullable(),
      mayAppearUntil: z.number(),
    })
    .nullable(),
  phase: z.object({ ...retry, enteredAt: z.number(), deadlineAt: z.number() }),
  runnerRemoval: z.object(retry),
  failure: failure.nullable(),
  released: z.boolean().default(false),
});

/** `A` where both types are the same; otherwise nothing, so that what is to have it does not compile. */
type Exactly<A, B> = [A] extends [B] ? ([B] extends [A] ? A : never) : never;

const snapshotSchema = z.object({
  status: z.literal('active'),
  value: z.unknown(),
  context: contextSchema,
  children: z.record(
    z.string(),
    z.object({ src: z.string(), snapshot: z.object({ status: z.literal('active') }).loose() }).loose(),
  ),
});

/** The context of the machine: a field too many or too few in the schema does not compile. */
type StoredContext = Exactly<z.output<typeof contextSchema>, JobContext>;

/**
 * Reads a stored snapshot. A field that its version did not have gets its default; one that this version does not
 * know, which only a newer daemon can have written, is dropped. `why` says why the snapshot must not be revived: XState
 * itself would take one of another version without a word, and then sit in a state whose effect is not running, or
 * bring the process down.
 */
export function readSnapshot(
  machine: JobMachine,
  stored: unknown,
): { snapshot: JobSnapshot } | { why: string } {
  const parsed = snapshotSchema.safeParse(stored);
  if (!parsed.success) return { why: z.prettifyError(parsed.error).replaceAll('\n', ' ') };
  const { value, children } = parsed.data;
  const context: StoredContext = parsed.data.context;

  let nodes: AnyStateNode[];
  try {
    const resolved = machine.resolveState({ value: value as never, context });
    nodes = getStateNodes(machine.root, resolved.value);
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
  for (const [id, child] of Object.entries(children)) {
    if (!(child.src in machine.implementations.actors)) return { why: `no effect ${child.src} for ${id}` };
  }
  for (const node of nodes) {
    const missing = node.invoke.find(({ id }) => !(id in children));
    if (missing) return { why: `the effect ${missing.id} of ${node.id} is not in the record` };
  }
  return { snapshot: { ...(stored as JobSnapshot), context } };
}
