import { type AnyStateNode, getStateNodes } from 'xstate';
import { z } from 'zod';
import { BLAMES, DISPOSITIONS, FAILURE_CODES, type FailureCode } from '../../../machines/failure.ts';
import { HOLD_ENDS, JOB_STATUSES, type JobContext } from '../../../machines/job/context.ts';
import type { JobMachine, JobSnapshot } from '../../../machines/job.ts';
import {
  branchName,
  commitId,
  count,
  cutText,
  exactText,
  identifier,
  instant,
  labels,
  port,
} from '../../bounds.ts';

const failure = z.object({
  code: z.enum(FAILURE_CODES as [FailureCode, ...FailureCode[]]),
  blame: z.enum(BLAMES),
  disposition: z.enum(DISPOSITIONS),
  message: cutText,
  retryAt: instant.nullable(),
});
const retry = { tries: count, nextTryAt: instant, lastFailure: failure.nullable() };
const address = z.object({ host: exactText, port });

/** Fields that records of earlier versions lack are added before this: see `upgradeRecord`. */
const contextSchema = z.object({
  job: z.object({
    // 0 when there is no job; the same for `runId` and `runAttempt`.
    id: count,
    runId: count,
    runAttempt: count,
    owner: exactText,
    repository: exactText,
    workflow: cutText,
    name: cutText,
    url: cutText,
    commit: commitId,
    branch: branchName,
    labels,
    profile: exactText,
    status: z.enum(JOB_STATUSES),
    conclusion: cutText.nullable(),
    // Records of earlier versions lack it.
    takenBy: z.object({ runner: exactText, isOurs: z.boolean() }).nullable().default(null),
    queuedAt: instant,
    attempt: count,
    attemptsFailed: count,
    runnersUnused: count,
    // Records of earlier versions lack it.
    vmsInVain: count.default(0),
    lastFailure: failure.nullable(),
    notBefore: instant,
    // Records of earlier versions lack it.
    holdOrder: z.object({ by: cutText, at: instant, lasts: count }).nullable().default(null),
  }),
  vm: z
    .object({
      name: exactText,
      host: exactText,
      profile: exactText,
      // Records of earlier versions lack it.
      image: z.object({ reference: exactText, digest: exactText }).nullable().default(null),
      madeFor: z.object({ jobId: count, attempt: count }),
      numbers: z.object({ next: count, last: count }),
      id: exactText.nullable(),
      address: address.nullable(),
      hostKey: exactText.nullable(),
      runnerVersion: exactText.nullable(),
      expiresAt: instant.nullable(),
      mayAppearUntil: instant,
    })
    .nullable(),
  runner: z
    .object({
      name: exactText,
      scope: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('repository'), owner: exactText, repository: exactText }),
        z.object({ kind: z.literal('organization'), owner: exactText }),
      ]),
      id: identifier.nullable(),
      mode: z.enum(['jit', 'token']).nullable(),
      mayAppearUntil: instant,
      isLeft: z.boolean(),
      // Records of earlier versions lack it.
      loss: failure.nullable().default(null),
    })
    .nullable(),
  phase: z.object({ ...retry, enteredAt: instant, deadlineAt: instant }),
  runnerRemoval: z.object(retry),
  jobCheck: z.object(retry),
  failure: failure.nullable(),
  otherJobSince: instant.nullable(),
  // Records of earlier versions lack it.
  hold: z
    .object({
      jobId: count,
      by: cutText.nullable(),
      at: instant,
      lasts: count,
      until: instant,
      latest: instant,
      vnc: address.nullable(),
      ended: z.enum(HOLD_ENDS).nullable(),
    })
    .nullable()
    .default(null),
});

/** `A` when both types are the same; otherwise `never`, so that the code that uses it does not compile. */
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

/** The context of the machine: a missing or an extra field in the schema does not compile. */
type StoredContext = Exactly<z.output<typeof contextSchema>, JobContext>;

/**
 * Reads a stored snapshot. A field that this version does not know, which only a newer daemon can have
 * written, is dropped; an effect that the state did not have when the record was written is started. `why`
 * says why the snapshot must not be revived: XState itself would accept a snapshot of another version
 * silently, and then stay in a state whose effect is not running, or crash the process.
 */
export function readSnapshot(
  machine: JobMachine,
  stored: unknown,
): { snapshot: JobSnapshot } | { why: string } {
  const parsed = snapshotSchema.safeParse(stored);
  if (!parsed.success) return { why: z.prettifyError(parsed.error).replaceAll('\n', ' ') };
  const { value, children } = parsed.data;
  const context: StoredContext = parsed.data.context;

  const { actors } = machine.implementations;
  const unknown = Object.entries(children).find(([, { src }]) => !(src in actors));
  if (unknown) return { why: `no effect ${unknown[1].src} for ${unknown[0]}` };
  let resolved: JobSnapshot;
  let started: object;
  try {
    resolved = machine.resolveState({ value: value as never, context });
    const invoked = getStateNodes(machine.root, resolved.value).flatMap(({ invoke }) => invoke);
    started = Object.fromEntries(
      invoked.filter(({ id }) => !(id in children)).map((invoke) => [invoke.id, begun(invoke, context)]),
    );
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
  const snapshot = {
    ...(stored as JobSnapshot),
    value: resolved.value,
    context,
    children: { ...children, ...started },
  };
  return { snapshot: snapshot as unknown as JobSnapshot };
}

/**
 * Starts an effect that the state did not have when the record was written, as if the state were entered now. Throws
 * when the context lacks what the effect needs.
 */
function begun({ src, input }: AnyStateNode['invoke'][number], context: JobContext) {
  const given = typeof input === 'function' ? input({ context } as never) : input;
  return { src, syncSnapshot: false, snapshot: { status: 'active', input: given } };
}
